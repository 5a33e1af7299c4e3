/* The sending half of a delivery (delivery*.c only): what waits goes out alone, or under one signature where
 * several wait. */
#ifndef LOYALTY_CLIENT_DELIVERY_SEND_H
#define LOYALTY_CLIENT_DELIVERY_SEND_H

#include "client/delivery.h"

/* Sends what the window allows. Errors as session_send and the outbox. */
int delivery_send_window(struct delivery *delivery) MUST_CHECK;

#endif
