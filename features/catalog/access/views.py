"""What an access event reads of each history, and words that several families share."""

from __future__ import annotations

from features.catalog import rings

EVENTS = rings.user_events.read("access", "user", "action", "privilege_level", includes_event=True)
LOGINS = rings.user_logins.read("access", "user", "ip_network")
COUNTRIES = rings.user_login_countries.read("access", "user", "ip_country")
DEVICES = rings.user_login_devices.read("access", "user", "device")
AGENTS = rings.user_login_agents.read("access", "user", "user_agent")
NETWORKS = rings.user_login_networks.read("access", "user", "asn")
HOURS = rings.user_login_hours.read("access", "user", "part_of_week")
PLACES = rings.user_places.read("access", "user", "place")
CHALLENGES = rings.user_challenges.read("access", "user")
FACTORS = rings.user_factors.read("access", "user")
RESETS = rings.user_resets.read("access", "user")
ENROLMENTS = rings.user_enrolments.read("access", "user")
CONSENTS = rings.user_consents.read("access", "user")
SENSITIVE = rings.user_sensitive.read("access", "user", "action")
RETRIEVALS = rings.user_retrievals.read("access", "user", "resource", "bytes")
APPLICATIONS = rings.user_applications.read("access", "user", "application")
REMOTE = rings.user_remote_access.read("access", "user")
SESSIONS = rings.user_sessions.read("access", "user", "session", includes_event=True)
IP = rings.ip_logins.read("access", "ip", "user")
IP_FAILURES = rings.ip_failures.read("access", "ip", "user")
NETWORK = rings.network_logins.read("access", "ip_network", "user")
DEVICE_USERS = rings.device_users.read("access", "device", "user", includes_event=True)
SESSION_IPS = rings.session_addresses.read("access", "session", "ip", includes_event=True)
SESSION_DEVICES = rings.session_devices.read("access", "session", "device", includes_event=True)
PAYMENTS = rings.customer_payments.read("access", "user")
IP_LABELS = rings.ip_access_labels.read("access", "ip")
USER_LABELS = rings.user_access_labels.read("access", "user")

FAILURES = "The password is being guessed, or stolen ones are being tried (ATT&CK T1110)."
SPRAYING = "Few passwords are tried on many users from one place (ATT&CK T1110.003)."
TAKEOVER = "Valid credentials in another's hands come from elsewhere (ATT&CK T1078)."
SESSION = "A stolen session is used from another place (ATT&CK T1539)."
NO_ADDRESS = "no address given"
NO_DEVICE = "no device given"
NO_SESSION = "no session given"
NO_CLIENT = "no user agent given"
