/* loyalty-till import FILE.csv: receipts of a till journal (docs/journal.md), signed and sent in the order of
 * the file. */
#ifndef LOYALTY_CLIENT_TILL_IMPORT_H
#define LOYALTY_CLIENT_TILL_IMPORT_H

/* The command; argv[0] is the name to show. An exit status of enum till_exit: TILL_EXIT_REFUSED when anything
 * of the file is not booked, for reasons that are listed. */
int till_command_import(int argc, char **argv);

#endif
