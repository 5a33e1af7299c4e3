/* The tables of a store, as SQL. */
#ifndef LOYALTY_STORE_SCHEMA_H
#define LOYALTY_STORE_SCHEMA_H

/* In the file's header: whose it is, and the version of the tables below. */
#define SCHEMA_APPLICATION_ID "1280264513" /* "LOYA" */
#define SCHEMA_VERSION "1"

/* What makes a new store, one statement each, run in this order in one transaction; ends with NULL. */
extern const char *const SCHEMA[];

#endif
