/* The heap as a whole. */
#ifndef LOYALTY_BASE_HEAP_H
#define LOYALTY_BASE_HEAP_H

/* Gives back to the system what is free. The allocator holds on to pages that were freed bit by bit, and
 * after a peak of small pieces that would be for ever. From any thread; takes milliseconds. */
void heap_trim(void);

#endif
