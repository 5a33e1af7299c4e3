#include "client/loyaltyctl_signatures.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/limits.h"
#include "crypto/sign.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    LOAD_SIGNATURES = 16,                              /* some two milliseconds of work */
    LOAD_BYTES = 128 * 1024 + BODY_OPERATOR_BYTES_MAX, /* any one fits, and most loads are full before */
};

/* What the replay fills while the thread checks the other. */
struct load {
    struct replay_signature items[LOAD_SIGNATURES];
    size_t count;
    struct arena arena;
    _Alignas(16) uint8_t memory[LOAD_BYTES];
};

struct signatures {
    pthread_t thread;
    struct load loads[2];
    struct load *filling; /* the replay's */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Under the mutex. */
    struct load *checking; /* the thread's; NULL: it waits for one */
    bool ending;
    bool wrong;
    struct replay_difference first; /* with `wrong` */
};

/* The first wrong one of the load is noted, unless one before it is. */
static void check_load(struct signatures *signatures, const struct load *load)
{
    const struct replay_signature *wrong = NULL;
    for (size_t i = 0; i < load->count && wrong == NULL; i++) {
        const struct replay_signature *item = &load->items[i];
        wrong = sign_bytes_check(item->key, item->message, item->signature) < 0 ? item : NULL;
    }
    if (wrong == NULL) {
        return;
    }
    pthread_mutex_lock(&signatures->mutex);
    if (!signatures->wrong || wrong->position < signatures->first.position) {
        signatures->wrong = true;
        replay_signature_wrong(wrong, &signatures->first);
    }
    pthread_mutex_unlock(&signatures->mutex);
}

static void *work(void *context)
{
    struct signatures *signatures = context;
    pthread_mutex_lock(&signatures->mutex);
    for (;;) {
        while (signatures->checking == NULL && !signatures->ending) {
            pthread_cond_wait(&signatures->changed, &signatures->mutex);
        }
        if (signatures->checking == NULL) {
            break;
        }
        const struct load *load = signatures->checking;
        pthread_mutex_unlock(&signatures->mutex);
        check_load(signatures, load);
        pthread_mutex_lock(&signatures->mutex);
        signatures->checking = NULL;
        pthread_cond_signal(&signatures->changed);
    }
    pthread_mutex_unlock(&signatures->mutex);
    return NULL;
}

int signatures_start(struct signatures **ret_signatures)
{
    struct signatures *signatures = calloc(1, sizeof(*signatures));
    if (signatures == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < 2; i++) {
        arena_init(&signatures->loads[i].arena, signatures->loads[i].memory, LOAD_BYTES);
    }
    signatures->filling = &signatures->loads[0];
    /* Neither can fail with default attributes. */
    CHECK(pthread_mutex_init(&signatures->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&signatures->changed, NULL) == 0);
    if (pthread_create(&signatures->thread, NULL, work, signatures) != 0) {
        pthread_cond_destroy(&signatures->changed);
        pthread_mutex_destroy(&signatures->mutex);
        free(signatures);
        return ERR_NOMEM;
    }
    *ret_signatures = signatures;
    return 0;
}

/* Gives the thread what is filled. While it still has some, that is checked here: else the replay would wait.
 */
static bool hand_over(struct signatures *signatures)
{
    pthread_mutex_lock(&signatures->mutex);
    const bool right = !signatures->wrong;
    const bool busy = signatures->checking != NULL;
    if (right && !busy) {
        signatures->checking = signatures->filling;
        pthread_cond_signal(&signatures->changed);
    }
    pthread_mutex_unlock(&signatures->mutex);
    if (right && !busy) {
        signatures->filling = &signatures->loads[signatures->filling == signatures->loads];
    } else if (right) {
        check_load(signatures, signatures->filling);
    }
    signatures->filling->count = 0;
    arena_reset(&signatures->filling->arena);
    return right;
}

static int copy(struct load *load, const struct replay_signature *signature)
{
    struct replay_signature item = *signature;
    item.key = arena_copy(&load->arena, signature->key, KEY_BYTES);
    item.signature = arena_copy(&load->arena, signature->signature, SIGNATURE_BYTES);
    item.message.data = arena_copy(&load->arena, signature->message.data, signature->message.size);
    if (item.key == NULL || item.signature == NULL || item.message.data == NULL) {
        return ERR_TOO_LARGE;
    }
    load->items[load->count++] = item;
    return 0;
}

int signatures_check(void *context, const struct replay_signature *signature)
{
    struct signatures *signatures = context;
    if (signatures->filling->count < LOAD_SIGNATURES && copy(signatures->filling, signature) == 0) {
        return 0;
    }
    return hand_over(signatures) ? copy(signatures->filling, signature) : ERR_SIGNATURE;
}

bool signatures_wrong(struct signatures *signatures, struct replay_difference *ret_difference)
{
    (void)hand_over(signatures);
    pthread_mutex_lock(&signatures->mutex);
    while (signatures->checking != NULL) {
        pthread_cond_wait(&signatures->changed, &signatures->mutex);
    }
    const bool wrong = signatures->wrong;
    if (wrong) {
        *ret_difference = signatures->first;
    }
    pthread_mutex_unlock(&signatures->mutex);
    return wrong;
}

void signatures_stop(struct signatures *signatures)
{
    if (signatures == NULL) {
        return;
    }
    pthread_mutex_lock(&signatures->mutex);
    signatures->ending = true;
    pthread_cond_signal(&signatures->changed);
    pthread_mutex_unlock(&signatures->mutex);
    CHECK(pthread_join(signatures->thread, NULL) == 0);
    pthread_cond_destroy(&signatures->changed);
    pthread_mutex_destroy(&signatures->mutex);
    free(signatures);
}
