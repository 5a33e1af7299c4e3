#include "lib/crash_vfs.h"

#include "lib/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 16, SECTOR = 512, PATH_BYTES = 256 };

struct change {
    bool truncation;
    uint64_t offset; /* or the new size */
    size_t size;
    uint8_t *data;
};

struct image {
    uint8_t *data;
    uint64_t size;
    uint64_t room;
};

struct disk_file {
    char path[PATH_BYTES]; /* empty: a free place or a temporary file */
    bool used;
    bool exists;         /* now */
    bool exists_durably; /* after a power cut */
    uint32_t handles;
    struct image now;
    struct image durable;
    struct change *changes;
    size_t changes_count;
    size_t changes_room;
};

struct handle {
    sqlite3_file base;
    struct disk_file *file;
    uint64_t power; /* the disk's when it was opened */
    bool temporary;
    bool syncs_folder; /* with its first sync, as SQLite does for journals and WALs it makes */
};

static struct {
    bool registered;
    struct disk_file files[FILES];
    uint64_t power; /* grows with each cut */
    uint64_t random;
    uint64_t changes_left; /* until the cut, 0: none planned */
    bool off;              /* until it is switched on again */
    struct crash_fault fault;
    uint64_t failed;
} disk;

static uint64_t draw(uint64_t below)
{
    disk.random ^= disk.random >> 12;
    disk.random ^= disk.random << 25;
    disk.random ^= disk.random >> 27;
    return (disk.random * 2685821657736338717ULL >> 11) % below;
}

static void *need(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void image_resize(struct image *image, uint64_t size)
{
    if (size > image->room) {
        const uint64_t room = size * 2;
        image->data = need(realloc(image->data, room));
        image->room = room;
    }
    if (size > image->size) {
        memset(image->data + image->size, 0, size - image->size);
    }
    image->size = size;
}

static void image_write(struct image *image, uint64_t offset, const uint8_t *data, size_t size)
{
    if (offset + size > image->size) {
        image_resize(image, offset + size);
    }
    if (size > 0) {
        memcpy(image->data + offset, data, size);
    }
}

static void image_free(struct image *image)
{
    free(image->data);
    *image = (struct image){0};
}

static void forget_changes(struct disk_file *file)
{
    for (size_t i = 0; i < file->changes_count; i++) {
        free(file->changes[i].data);
    }
    file->changes_count = 0;
}

static void file_free(struct disk_file *file)
{
    forget_changes(file);
    free(file->changes);
    image_free(&file->now);
    image_free(&file->durable);
    *file = (struct disk_file){0};
}

static void add_change(struct disk_file *file, struct change change)
{
    if (file->changes_count == file->changes_room) {
        file->changes_room = file->changes_room * 2 + 64;
        file->changes = need(realloc(file->changes, file->changes_room * sizeof(*file->changes)));
    }
    file->changes[file->changes_count++] = change;
}

static void keep_change(struct disk_file *file, const struct change *change)
{
    if (change->truncation) {
        image_resize(&file->durable, change->offset);
    } else {
        image_write(&file->durable, change->offset, change->data, change->size);
    }
}

static void tear_change(struct disk_file *file, struct change *change)
{
    for (size_t at = 0; at < change->size;) {
        const uint64_t sector_end = (change->offset + at) / SECTOR * SECTOR + SECTOR;
        size_t size = (size_t)(sector_end - change->offset - at);
        size = size < change->size - at ? size : change->size - at;
        const uint64_t fate = draw(4);
        if (fate == 0) {
            for (size_t i = 0; i < size; i++) {
                change->data[at + i] = (uint8_t)draw(256);
            }
        }
        if (fate != 1) {
            image_write(&file->durable, change->offset + at, change->data + at, size);
        }
        at += size;
    }
}

/* A killed process loses nothing, and a disk may be lucky or not; the rest is in between. */
enum mood { KEEPS_ALL, LOSES_ALL, MIXED, MOODS = 4 };

static void cut_file(struct disk_file *file, enum mood mood)
{
    for (size_t i = 0; i < file->changes_count; i++) {
        const uint64_t fate = mood == KEEPS_ALL ? 0 : mood == LOSES_ALL ? 2 : draw(3);
        if (fate == 0) {
            keep_change(file, &file->changes[i]);
        } else if (fate == 1 && !file->changes[i].truncation) {
            tear_change(file, &file->changes[i]);
        }
    }
    forget_changes(file);
    if (file->exists != file->exists_durably && (mood == KEEPS_ALL || (mood != LOSES_ALL && draw(2) == 0))) {
        file->exists_durably = file->exists;
    }
    file->exists = file->exists_durably;
    if (!file->exists) {
        image_resize(&file->durable, 0);
    }
    image_resize(&file->now, 0);
    image_write(&file->now, 0, file->durable.data, file->durable.size);
}

void crash_vfs_cut(void)
{
    disk.power++;
    disk.changes_left = 0;
    disk.off = true;
    const enum mood mood = (enum mood)draw(MOODS);
    for (size_t i = 0; i < FILES; i++) {
        if (disk.files[i].used && disk.files[i].path[0] != '\0') {
            cut_file(&disk.files[i], mood);
        }
    }
}

void crash_vfs_cut_after(uint64_t changes)
{
    disk.changes_left = changes;
}

bool crash_vfs_is_off(void)
{
    return disk.off;
}

void crash_vfs_switch_on(void)
{
    disk.off = false;
}

void crash_vfs_fault(const struct crash_fault *fault)
{
    disk.fault = *fault;
    disk.failed = 0;
}

uint64_t crash_vfs_failed(void)
{
    return disk.failed;
}

static bool fails(enum crash_call call)
{
    struct crash_fault *fault = &disk.fault;
    if ((fault->calls & (unsigned)call) == 0 || fault->nth == 0) {
        return false;
    }
    if (fault->nth > 1) {
        fault->nth--;
        return false;
    }
    disk.failed++;
    fault->nth = fault->for_ever ? 1 : 0;
    return true;
}

/* True when this change is the one before which the power goes. */
static bool power_goes(void)
{
    if (disk.changes_left > 0 && --disk.changes_left == 0) {
        crash_vfs_cut();
        return true;
    }
    return false;
}

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

static bool is_dead(const struct handle *handle)
{
    return disk.off || handle->power != disk.power;
}

static int vfs_close(sqlite3_file *base)
{
    struct handle *handle = handle_of(base);
    handle->file->handles--;
    if (handle->temporary && handle->file->handles == 0) {
        file_free(handle->file);
    }
    return SQLITE_OK;
}

static int vfs_read(sqlite3_file *base, void *data, int size, sqlite3_int64 offset)
{
    const struct handle *handle = handle_of(base);
    if (is_dead(handle) || fails(CRASH_READ)) {
        return SQLITE_IOERR_READ;
    }
    const struct image *image = &handle->file->now;
    const uint64_t from = (uint64_t)offset;
    const uint64_t there = from < image->size ? image->size - from : 0;
    const size_t whole = (size_t)size;
    const size_t part = there < whole ? (size_t)there : whole;
    if (part > 0) {
        memcpy(data, image->data + from, part);
    }
    memset((uint8_t *)data + part, 0, whole - part);
    return part < whole ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int vfs_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct handle *handle = handle_of(base);
    if (is_dead(handle) || power_goes()) {
        return SQLITE_IOERR_WRITE;
    }
    if (fails(CRASH_WRITE)) {
        return disk.fault.disk_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    image_write(&handle->file->now, (uint64_t)offset, data, (size_t)size);
    if (!handle->temporary) {
        struct change change = {.offset = (uint64_t)offset, .size = (size_t)size};
        change.data = need(malloc(change.size));
        memcpy(change.data, data, change.size);
        add_change(handle->file, change);
    }
    return SQLITE_OK;
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = handle_of(base);
    if (is_dead(handle) || power_goes() || fails(CRASH_TRUNCATE)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    image_resize(&handle->file->now, (uint64_t)size);
    if (!handle->temporary) {
        add_change(handle->file, (struct change){.truncation = true, .offset = (uint64_t)size});
    }
    return SQLITE_OK;
}

/* All files lie in one folder. */
static void sync_folder(void)
{
    for (size_t i = 0; i < FILES; i++) {
        struct disk_file *file = &disk.files[i];
        file->exists_durably = file->exists;
        if (file->used && !file->exists) {
            forget_changes(file);
            image_resize(&file->durable, 0);
        }
    }
}

static int vfs_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct handle *handle = handle_of(base);
    if (is_dead(handle) || power_goes()) {
        return SQLITE_IOERR_FSYNC;
    }
    if (fails(CRASH_SYNC)) {
        forget_changes(handle->file);
        return SQLITE_IOERR_FSYNC;
    }
    for (size_t i = 0; i < handle->file->changes_count; i++) {
        keep_change(handle->file, &handle->file->changes[i]);
    }
    forget_changes(handle->file);
    if (handle->syncs_folder) {
        handle->syncs_folder = false;
        sync_folder();
    }
    return SQLITE_OK;
}

static int vfs_file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    const struct handle *handle = handle_of(base);
    if (is_dead(handle)) {
        return SQLITE_IOERR_FSTAT;
    }
    *ret_size = (sqlite3_int64)handle->file->now.size;
    return SQLITE_OK;
}

static int vfs_lock(sqlite3_file *base, int lock)
{
    (void)base;
    (void)lock;
    return SQLITE_OK;
}

static int vfs_check_lock(sqlite3_file *base, int *ret_locked)
{
    (void)base;
    *ret_locked = 0;
    return SQLITE_OK;
}

static int vfs_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int vfs_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 1,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_file_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_lock,
    .xCheckReservedLock = vfs_check_lock,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector_size,
    .xDeviceCharacteristics = vfs_characteristics,
};

static struct disk_file *find_file(const char *path)
{
    for (size_t i = 0; i < FILES && path != NULL; i++) {
        if (disk.files[i].used && strcmp(disk.files[i].path, path) == 0) {
            return &disk.files[i];
        }
    }
    return NULL;
}

static struct disk_file *make_file(const char *path)
{
    for (size_t i = 0; i < FILES; i++) {
        struct disk_file *file = &disk.files[i];
        if (!file->used) {
            file->used = true;
            snprintf(file->path, sizeof(file->path), "%s", path != NULL ? path : "");
            return file;
        }
    }
    abort();
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags)
{
    (void)vfs;
    const int made = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    struct handle *handle = handle_of(base);
    handle->base.pMethods = NULL;
    struct disk_file *file = find_file(path);
    if (disk.off || fails(CRASH_OPEN) ||
        ((file == NULL || !file->exists) && (flags & SQLITE_OPEN_CREATE) == 0)) {
        return SQLITE_CANTOPEN;
    }
    if (file == NULL) {
        file = make_file(path);
    }
    if (!file->exists && file->exists_durably) {
        /* A new file of an old name: after a power cut it may be either. */
        add_change(file, (struct change){.truncation = true});
    }
    file->exists = true;
    file->handles++;
    *handle = (struct handle){
        .base.pMethods = &METHODS,
        .file = file,
        .power = disk.power,
        .temporary = path == NULL,
        .syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & made) != 0,
    };
    if (ret_flags != NULL) {
        *ret_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    struct disk_file *file = find_file(path);
    if (disk.off) {
        return SQLITE_IOERR_DELETE;
    }
    if (file == NULL || !file->exists) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (power_goes() || fails(CRASH_DELETE)) {
        return SQLITE_IOERR_DELETE;
    }
    file->exists = false;
    image_resize(&file->now, 0);
    if (sync != 0) {
        sync_folder();
    }
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret_answer)
{
    (void)vfs;
    const struct disk_file *file = find_file(path);
    if (disk.off) {
        return SQLITE_IOERR_ACCESS;
    }
    *ret_answer = file != NULL && file->exists && (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret_path)
{
    (void)vfs;
    return snprintf(ret_path, (size_t)size, "%s", path) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *ret_bytes)
{
    (void)vfs;
    for (int i = 0; i < size; i++) {
        ret_bytes[i] = (char)draw(128);
    }
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_time)
{
    (void)vfs;
    *ret_time = 212000000000000LL;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *ret_text)
{
    (void)vfs;
    (void)size;
    (void)ret_text;
    return 0;
}

void crash_vfs_reset(uint64_t seed)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = PATH_BYTES - 16,
        .zName = CRASH_VFS,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    if (!disk.registered) {
        assert_int_equal(sqlite3_vfs_register(&vfs, 0), SQLITE_OK);
        disk.registered = true;
    }
    crash_vfs_free();
    disk.random = seed * 2 + 1;
    disk.changes_left = 0;
    disk.off = false;
    disk.fault = (struct crash_fault){0};
    disk.failed = 0;
}

void crash_vfs_free(void)
{
    for (size_t i = 0; i < FILES; i++) {
        assert_int_equal(disk.files[i].handles, 0);
        file_free(&disk.files[i]);
    }
}
