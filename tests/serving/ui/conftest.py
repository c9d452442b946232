from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from serving.ui.routes import mount
from tests.serving.ui.fakes import FakeChampions, FakeService, Reader


@pytest.fixture
def service(tmp_path: Path) -> FakeService:
    return FakeService(FakeChampions(tmp_path))


@pytest.fixture
def app(service: FakeService) -> FastAPI:
    app = FastAPI()
    mount(app)
    app.state.service = service
    return app


@pytest.fixture
def reader(app: FastAPI) -> Reader:
    return Reader(app)


@pytest.fixture
def ana(reader: Reader) -> Reader:
    """A reader who is signed in."""
    assert reader.sign_in().status_code == 303
    return reader
