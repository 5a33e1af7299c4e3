/* What changes for members from one version of a programme to another. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_DIFF_H
#define LOYALTY_CLIENT_LOYALTYCTL_DIFF_H

#include "client/loyaltyctl.h"

/* Prints what changes from the first file to the second; `names` are theirs, for complaints. An exit status.
 */
int ctl_show_differences(struct ctl *ctl, const char *const names[2], const struct bytes yaml[2]);

#endif
