/* `loyaltyd init`: makes a data directory. */
#ifndef LOYALTY_INIT_H
#define LOYALTY_INIT_H

/* The command with its own arguments (argv[0] is shown in messages). Returns the exit code. */
int init_main(int argc, char **argv);

/* `loyaltyd certificate`, likewise: makes the next TLS key, or shows a pin. */
int init_certificate_main(int argc, char **argv);

#define DAEMON_KEY_NAME "daemon.key"
#define LOOKUP_KEY_NAME "lookup.key"
#define OPERATOR_KEY_NAME "operator.key"
#define DATABASE_NAME "loyalty.db"
#define CONFIG_NAME "loyaltyd.conf"

#endif
