"""HTTPStore on servers that know no WebDAV, and what it does with redirects."""
