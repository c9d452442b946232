"""The only room with SQL: the event log, assessments, cases, accounts and the audit log."""
