"""The door of SQL: usage that sits in an application's Postgres, pulled by a cursor column."""
