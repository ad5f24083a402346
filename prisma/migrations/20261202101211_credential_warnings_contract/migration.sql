-- The key of the alert itself says that somebody has been warned.
DROP TABLE credential_warnings;
