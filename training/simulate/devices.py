"""Devices: identifiers in the forms that telephones and browsers give, with their user agents."""

from __future__ import annotations

from training.simulate.chance import Chance
from training.simulate.records import Device

_APPS = ("CrossbankMobile/8.4.1", "CrossbankMobile/8.5.0", "CrossbankMobile/8.6.2")
_ANDROID = (
    "Android 13; SM-A546B",
    "Android 14; Pixel 8",
    "Android 15; SM-S921B",
    "Android 12; M2101",
)
_IOS = ("iOS 17.6; iPhone14,5", "iOS 18.3; iPhone15,4", "iOS 18.5; iPhone16,1")
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/136.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:138.0) Gecko/20100101 Firefox/138.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/18.4 Safari/605.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/135.0 Safari/537.36",
)
_SCRIPTS = ("python-requests/2.32.3", "okhttp/4.12.0", "curl/8.9.1", "Apache-HttpClient/5.3")

_REMOTE_TOOLS = ("AnyDesk/9.0.4", "TeamViewer/15.58", "RustDesk/1.3.2", "QuickAssist/2.0")


def phone(chance: Chance) -> Device:
    """Return a telephone with the bank's app."""
    app = chance.pick(_APPS)
    if chance.happens(0.55):
        agent = f"{app} ({chance.pick(_ANDROID)})"
        return Device(f"and-{chance.hexadecimal(16)}", agent, "mobile_app", True)
    digits = chance.hexadecimal(24).upper()
    identifier = f"ios-{digits[:8]}-{digits[8:12]}-{digits[12:]}"
    return Device(identifier, f"{app} ({chance.pick(_IOS)})", "mobile_app", True)


def computer(chance: Chance) -> Device:
    """Return a computer, known by its browser's fingerprint."""
    return Device(f"web-{chance.hexadecimal(16)}", chance.pick(_BROWSERS), "web_bank", False)


def script(chance: Chance) -> Device:
    """Return a program that calls the interface."""
    return Device(f"svc-{chance.hexadecimal(12)}", chance.pick(_SCRIPTS), "open_api", False)


def screen_lent(chance: Chance, device: Device) -> Device:
    """Return somebody's own device while another works it by a remote-access tool."""
    agent = f"{device.user_agent} {chance.pick(_REMOTE_TOOLS)}"
    return Device(device.device_id, agent, "remote_access", device.mobile)
