/* A disk in memory as a VFS of SQLite named "crash": it forgets at a power cut what was not synced, and fails
 * on request.
 *
 * Until a file is synced each write to it stands in a list. At a power cut the list is kept (as when a
 * process is killed), or lost, or each write of it is kept, lost or torn: of its 512-byte sectors some are
 * new, some old and some garbage, but never bytes beside it. Truncations are kept or lost, as are creations
 * and deletions until the folder is synced. Handles of before the cut are dead: everything but closing them
 * fails. A sync that is made to fail loses the list for good while reads still see it, as a kernel may do.
 *
 * One disk a process, one thread. */
#ifndef LOYALTY_TESTS_LIB_CRASH_VFS_H
#define LOYALTY_TESTS_LIB_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define CRASH_VFS "crash"

/* Registers it, once, and empties the disk. What is drawn at power cuts depends on the seed. */
void crash_vfs_reset(uint64_t seed);

/* Frees the disk's files; handles must be closed. */
void crash_vfs_free(void);

/* The power is cut now. */
void crash_vfs_cut(void);

/* The power is cut just before the n-th change from now (write, truncation, sync, deletion; n >= 1). */
void crash_vfs_cut_after(uint64_t changes);

/* After a cut everything fails until the power is switched on again; handles of before it stay dead. */
bool crash_vfs_is_off(void);
void crash_vfs_switch_on(void);

/* Calls that may be made to fail. */
enum crash_call {
    CRASH_OPEN = 1,
    CRASH_READ = 2,
    CRASH_WRITE = 4,
    CRASH_SYNC = 8,
    CRASH_TRUNCATE = 16,
    CRASH_DELETE = 32
};

struct crash_fault {
    unsigned calls; /* of these */
    uint64_t nth;   /* the n-th from now fails; 0: none */
    bool for_ever;  /* and all after it */
    bool disk_full; /* writes fail for want of space */
};

void crash_vfs_fault(const struct crash_fault *fault);

/* Calls that a fault made fail since it was set. */
uint64_t crash_vfs_failed(void);

#endif
