/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_vfs.h"

#include "base/arena.h"

#include <pthread.h>
#include <sqlite3.h>

#define FILES_MAX 64          /* with those that are deleted and not yet gone */
#define FILE_BYTES (64 << 20) /* of one file */
#define NAME_BYTES 128
#define PIECE_BYTES 512 /* what a disk writes whole or not at all */
#define SHM_PAGES 64

struct content {
    unsigned char *bytes;
    size_t len;
    size_t size;
};

/* A write or truncation since the last sync. */
struct change {
    size_t offset; /* of a truncation: the new length */
    size_t n;
    unsigned char *bytes; /* NULL: a truncation */
    struct change *next;
};

struct inode {
    bool used;
    char name[NAME_BYTES];
    bool linked;         /* found under its name */
    bool durable_linked; /* would be found after a crash */
    int opened;
    struct content now;
    struct content durable;
    struct change *changes;
    struct change **changes_end;
    /* locks */
    int shared;
    const void *reserved, *pending, *exclusive; /* the file that has it */
    unsigned char *shm[SHM_PAGES];
    int shm_users;
    int shm_shared[SQLITE_SHM_NLOCK];
    const void *shm_exclusive[SQLITE_SHM_NLOCK];
};

struct open_file {
    sqlite3_file base;
    struct inode *inode;
    sqlite3 *db; /* the connection, once it said so */
    int lock;
    bool sync_directory; /* at the first sync */
    bool delete_on_close;
    bool is_database; /* not a journal or log */
    bool has_shm;
    unsigned shm_shared; /* by slot */
};

struct crash_image {
    size_t count;
    struct {
        char name[NAME_BYTES];
        struct content content;
    } files[FILES_MAX];
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *system;
    pthread_mutex_t mutex; /* guards all below */
    struct inode inodes[FILES_MAX];
    uint64_t steps;
    uint64_t fail_at;
    uint64_t written_back;
    bool off;
    char synchronous[16];
    int checkpoint_pages;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void disk_lock(void)
{
    (void)pthread_mutex_lock(&disk.mutex);
}

static void disk_unlock(void)
{
    (void)pthread_mutex_unlock(&disk.mutex);
}

/* True: the power fails at this step, or is off already. */
static bool step_fails(void)
{
    if (!disk.off && ++disk.steps == disk.fail_at)
        disk.off = true;
    return disk.off;
}

/* --- contents ------------------------------------------------------------------------------------------------------
 */

static void content_resize(struct content *content, size_t len)
{
    assert(len <= FILE_BYTES);
    if (len > content->size) {
        content->size = MAX_OF(len, content->size * 2);
        content->bytes = mem_resize(content->bytes, content->size);
    }
    if (len > content->len)
        memset(content->bytes + content->len, 0, len - content->len);
    content->len = len;
}

static void content_write(struct content *content, size_t offset, const unsigned char *bytes, size_t n)
{
    if (n == 0)
        return;
    if (offset + n > content->len)
        content_resize(content, offset + n);
    memcpy(content->bytes + offset, bytes, n);
}

static void content_copy(struct content *to, const struct content *from)
{
    content_resize(to, 0);
    content_write(to, 0, from->bytes, from->len);
}

static void content_free(struct content *content)
{
    free(content->bytes);
    *content = (struct content){0};
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static struct inode *inode_find(const char *name)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (disk.inodes[i].used && disk.inodes[i].linked && str_eq(disk.inodes[i].name, name))
            return &disk.inodes[i];
    return NULL;
}

static struct inode *inode_new(const char *name)
{
    size_t i = 0;
    while (i < FILES_MAX && disk.inodes[i].used)
        i++;
    assert(i < FILES_MAX && strlen(name) < NAME_BYTES);
    struct inode *inode = &disk.inodes[i];
    *inode = (struct inode){.used = true, .linked = true};
    (void)snprintf(inode->name, sizeof(inode->name), "%s", name);
    inode->changes_end = &inode->changes;
    return inode;
}

static void changes_free(struct inode *inode)
{
    while (inode->changes) {
        struct change *change = inode->changes;
        inode->changes = change->next;
        free(change->bytes);
        free(change);
    }
    inode->changes_end = &inode->changes;
}

static void inode_free(struct inode *inode)
{
    assert(inode->opened == 0 && inode->shm_users == 0);
    changes_free(inode);
    content_free(&inode->now);
    content_free(&inode->durable);
    *inode = (struct inode){0};
}

static void inode_free_if_gone(struct inode *inode)
{
    if (inode->used && !inode->linked && !inode->durable_linked && inode->opened == 0)
        inode_free(inode);
}

static void change_add(struct inode *inode, size_t offset, const void *bytes, size_t n)
{
    struct change *change = NEW(struct change);
    *change = (struct change){.offset = offset, .n = n};
    if (bytes) {
        change->bytes = mem_new(MAX_OF(n, (size_t)1));
        memcpy(change->bytes, bytes, n);
        content_write(&inode->now, offset, change->bytes, n);
    } else {
        content_resize(&inode->now, offset);
    }
    *inode->changes_end = change;
    inode->changes_end = &change->next;
}

static void change_apply(struct content *content, const struct change *change)
{
    if (change->bytes)
        content_write(content, change->offset, change->bytes, change->n);
    else
        content_resize(content, change->offset);
}

static void directory_sync(void)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        disk.inodes[i].durable_linked = disk.inodes[i].linked;
        inode_free_if_gone(&disk.inodes[i]);
    }
}

/* --- calls on files ------------------------------------------------------------------------------------------------
 */

static struct open_file *as_file(sqlite3_file *file)
{
    return CONTAINER_OF(file, struct open_file, base);
}

static int file_unlock(sqlite3_file *base, int level);

static int file_close(sqlite3_file *base)
{
    struct open_file *file = as_file(base);
    (void)file_unlock(base, SQLITE_LOCK_NONE);
    disk_lock();
    file->inode->opened--;
    if (file->delete_on_close)
        file->inode->linked = false;
    inode_free_if_gone(file->inode);
    disk_unlock();
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int n, sqlite3_int64 offset)
{
    struct content *now = &as_file(base)->inode->now;
    int r = SQLITE_OK;
    disk_lock();
    if (disk.off) {
        r = SQLITE_IOERR_READ;
    } else {
        size_t there = (size_t)offset < now->len ? MIN_OF(now->len - (size_t)offset, (size_t)n) : 0;
        memset(bytes, 0, (size_t)n);
        if (there)
            memcpy(bytes, now->bytes + offset, there);
        r = there == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }
    disk_unlock();
    return r;
}

static int file_change(struct inode *inode, size_t offset, const void *bytes, size_t n, int error)
{
    disk_lock();
    bool was_off = disk.off;
    bool fails = step_fails();
    if (!was_off)
        change_add(inode, offset, bytes, n);
    disk_unlock();
    return fails ? error : SQLITE_OK;
}

static int file_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 offset)
{
    if (as_file(base)->is_database) {
        disk_lock();
        disk.written_back++;
        disk_unlock();
    }
    return file_change(as_file(base)->inode, (size_t)offset, bytes, (size_t)n, SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    return file_change(as_file(base)->inode, (size_t)size, NULL, 0, SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct open_file *file = as_file(base);
    disk_lock();
    bool fails = step_fails();
    if (!fails) {
        for (const struct change *change = file->inode->changes; change; change = change->next)
            change_apply(&file->inode->durable, change);
        changes_free(file->inode);
        if (file->sync_directory)
            directory_sync();
        file->sync_directory = false;
    }
    disk_unlock();
    return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    disk_lock();
    bool off = disk.off;
    if (!off)
        *ret_size = (sqlite3_int64)as_file(base)->inode->now.len;
    disk_unlock();
    return off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

/* The levels of SQLite: many SHARED, one RESERVED beside them, EXCLUSIVE alone, PENDING keeps new SHARED out. */
static bool lock_is_free(const struct inode *inode, struct open_file *file, int level)
{
    if (level == SQLITE_LOCK_SHARED)
        return !inode->pending && !inode->exclusive;
    if (inode->reserved && inode->reserved != file)
        return false;
    return level == SQLITE_LOCK_RESERVED || inode->shared == 1;
}

static int file_lock(sqlite3_file *base, int level)
{
    struct open_file *file = as_file(base);
    struct inode *inode = file->inode;
    int r = SQLITE_OK;
    disk_lock();
    if (file->lock < level) {
        if (!lock_is_free(inode, file, level)) {
            r = SQLITE_BUSY;
            if (level == SQLITE_LOCK_EXCLUSIVE && !inode->pending && inode->reserved == file)
                inode->pending = file;
        } else if (level == SQLITE_LOCK_SHARED) {
            inode->shared++;
        } else if (level == SQLITE_LOCK_RESERVED) {
            inode->reserved = file;
        } else {
            inode->exclusive = file;
        }
        if (r == SQLITE_OK)
            file->lock = level;
    }
    disk_unlock();
    return r;
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct open_file *file = as_file(base);
    struct inode *inode = file->inode;
    disk_lock();
    if (file->lock > level) {
        inode->reserved = inode->reserved == file ? NULL : inode->reserved;
        inode->pending = inode->pending == file ? NULL : inode->pending;
        inode->exclusive = inode->exclusive == file ? NULL : inode->exclusive;
        if (level == SQLITE_LOCK_NONE)
            inode->shared--;
        file->lock = level;
    }
    disk_unlock();
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *ret)
{
    const struct inode *inode = as_file(base)->inode;
    disk_lock();
    *ret = inode->reserved || inode->pending || inode->exclusive;
    disk_unlock();
    return SQLITE_OK;
}

/*
 * `PRAGMA synchronous=...` is swallowed while another level is ordered: open_connection() has set that one. How often
 * the log is written back is set at the first PRAGMA: sqlite3_open() sets its own default after open_connection().
 */
static int file_control(sqlite3_file *base, int what, void *arg)
{
    struct open_file *file = as_file(base);
    if (what == SQLITE_FCNTL_PDB)
        file->db = *(sqlite3 **)arg;
    if (what != SQLITE_FCNTL_PRAGMA)
        return SQLITE_NOTFOUND;
    if (file->db && disk.checkpoint_pages)
        (void)sqlite3_wal_autocheckpoint(file->db, disk.checkpoint_pages);
    char *const *words = arg;
    bool swallowed = disk.synchronous[0] && words[1] && words[2] && sqlite3_stricmp(words[1], "synchronous") == 0 &&
                     sqlite3_stricmp(words[2], disk.synchronous) != 0;
    return swallowed ? SQLITE_OK : SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

/* What SQLite assumes of every disk under Linux: bytes beside a write that is cut off stay as they were. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --- shared memory of the write-ahead log --------------------------------------------------------------------------
 */

static int shm_map(sqlite3_file *base, int page, int page_bytes, int extend, void volatile **ret)
{
    struct open_file *file = as_file(base);
    struct inode *inode = file->inode;
    assert(page < SHM_PAGES);
    disk_lock();
    if (!file->has_shm)
        inode->shm_users++;
    file->has_shm = true;
    if (!inode->shm[page] && extend) {
        inode->shm[page] = mem_new((size_t)page_bytes);
        memset(inode->shm[page], 0, (size_t)page_bytes);
    }
    *ret = inode->shm[page];
    disk_unlock();
    return SQLITE_OK;
}

static bool shm_is_free(const struct inode *inode, const struct open_file *file, int slot, bool shared)
{
    if (inode->shm_exclusive[slot])
        return inode->shm_exclusive[slot] == file;
    return shared || inode->shm_shared[slot] == (int)((file->shm_shared >> slot) & 1);
}

static void shm_set(struct inode *inode, struct open_file *file, int slot, int flags)
{
    unsigned bit = 1U << slot;
    if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)) {
        inode->shm_exclusive[slot] = file;
    } else if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)) {
        inode->shm_shared[slot] += !(file->shm_shared & bit);
        file->shm_shared |= bit;
    } else {
        if (inode->shm_exclusive[slot] == file)
            inode->shm_exclusive[slot] = NULL;
        inode->shm_shared[slot] -= (file->shm_shared & bit) != 0;
        file->shm_shared &= ~bit;
    }
}

static int shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct open_file *file = as_file(base);
    struct inode *inode = file->inode;
    int r = SQLITE_OK;
    disk_lock();
    for (int slot = first; (flags & SQLITE_SHM_LOCK) && slot < first + count; slot++)
        if (!shm_is_free(inode, file, slot, flags & SQLITE_SHM_SHARED))
            r = SQLITE_BUSY;
    for (int slot = first; r == SQLITE_OK && slot < first + count; slot++)
        shm_set(inode, file, slot, flags);
    disk_unlock();
    return r;
}

static void shm_barrier(sqlite3_file *base)
{
    (void)base;
    disk_lock();
    disk_unlock();
}

static int shm_unmap(sqlite3_file *base, int delete_it)
{
    (void)delete_it; /* the last user always ends it: nothing of it is needed after a restart */
    struct open_file *file = as_file(base);
    struct inode *inode = file->inode;
    disk_lock();
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++)
        shm_set(inode, file, slot, SQLITE_SHM_UNLOCK);
    if (file->has_shm && --inode->shm_users == 0)
        for (size_t i = 0; i < SHM_PAGES; i++) {
            free(inode->shm[i]);
            inode->shm[i] = NULL;
        }
    file->has_shm = false;
    disk_unlock();
    return SQLITE_OK;
}

static const sqlite3_io_methods file_methods = {.iVersion = 2,
                                                .xClose = file_close,
                                                .xRead = file_read,
                                                .xWrite = file_write,
                                                .xTruncate = file_truncate,
                                                .xSync = file_sync,
                                                .xFileSize = file_size,
                                                .xLock = file_lock,
                                                .xUnlock = file_unlock,
                                                .xCheckReservedLock = file_check_reserved,
                                                .xFileControl = file_control,
                                                .xSectorSize = file_sector_size,
                                                .xDeviceCharacteristics = file_characteristics,
                                                .xShmMap = shm_map,
                                                .xShmLock = shm_lock,
                                                .xShmBarrier = shm_barrier,
                                                .xShmUnmap = shm_unmap};

/* --- calls on the disk ---------------------------------------------------------------------------------------------
 */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
    (void)vfs;
    struct open_file *file = as_file(base);
    *file = (struct open_file){0};
    if (!name) /* temporary files: the store keeps them in memory */
        return SQLITE_CANTOPEN;
    int r = SQLITE_OK;
    disk_lock();
    struct inode *inode = inode_find(name);
    if (disk.off || (!inode && !(flags & SQLITE_OPEN_CREATE))) {
        r = SQLITE_CANTOPEN;
    } else if (!inode) {
        inode = inode_new(name);
        file->sync_directory = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL);
        r = step_fails() ? SQLITE_CANTOPEN : SQLITE_OK;
    }
    if (r == SQLITE_OK) {
        inode->opened++;
        file->inode = inode;
        file->is_database = flags & SQLITE_OPEN_MAIN_DB;
        file->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
        file->base.pMethods = &file_methods;
        if (ret_flags)
            *ret_flags = flags;
    }
    disk_unlock();
    return r;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    int r = SQLITE_OK;
    disk_lock();
    struct inode *inode = inode_find(name);
    if (disk.off) {
        r = SQLITE_IOERR_DELETE;
    } else if (!inode) {
        r = SQLITE_IOERR_DELETE_NOENT;
    } else {
        inode->linked = false;
        r = step_fails() ? SQLITE_IOERR_DELETE : SQLITE_OK;
        inode_free_if_gone(inode);
        if (r == SQLITE_OK && sync)
            directory_sync();
    }
    disk_unlock();
    return r;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    (void)vfs;
    (void)flags;
    disk_lock();
    bool off = disk.off;
    const struct inode *inode = inode_find(name);
    *ret = inode && (flags != SQLITE_ACCESS_EXISTS || inode->now.len > 0); /* as under Linux: an empty one is none */
    disk_unlock();
    return off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
    (void)vfs;
    return snprintf(ret, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *ret)
{
    (void)vfs;
    return disk.system->xRandomness(disk.system, n, ret);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return disk.system->xSleep(disk.system, us);
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void)vfs;
    return disk.system->xCurrentTimeInt64(disk.system, ret);
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *ret)
{
    (void)vfs;
    (void)n;
    (void)ret;
    return 0;
}

/* Run by SQLite for each new connection. */
static int open_connection(sqlite3 *db, char **ret_why, const struct sqlite3_api_routines *api)
{
    (void)ret_why;
    (void)api;
    if (!disk.synchronous[0])
        return SQLITE_OK;
    char text[64];
    (void)snprintf(text, sizeof(text), "PRAGMA synchronous=%s", disk.synchronous);
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

void crash_vfs_install(void)
{
    disk.system = sqlite3_vfs_find(NULL);
    disk.vfs = (sqlite3_vfs){.iVersion = 2,
                             .szOsFile = sizeof(struct open_file),
                             .mxPathname = NAME_BYTES - 16,
                             .zName = "crash",
                             .xOpen = vfs_open,
                             .xDelete = vfs_delete,
                             .xAccess = vfs_access,
                             .xFullPathname = vfs_full_pathname,
                             .xRandomness = vfs_randomness,
                             .xSleep = vfs_sleep,
                             .xGetLastError = vfs_last_error,
                             .xCurrentTimeInt64 = vfs_time};
    int r = sqlite3_vfs_register(&disk.vfs, 1);
    if (r == SQLITE_OK)
        r = sqlite3_auto_extension((void (*)(void))open_connection);
    assert(r == SQLITE_OK);
}

/* --- power ---------------------------------------------------------------------------------------------------------
 */

void crash_vfs_clear(void)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (disk.inodes[i].used)
            inode_free(&disk.inodes[i]);
    disk.off = false;
    crash_vfs_fail_at(0);
}

struct crash_image *crash_vfs_save(void)
{
    struct crash_image *image = NEW(struct crash_image);
    for (size_t i = 0; i < FILES_MAX; i++) {
        const struct inode *inode = &disk.inodes[i];
        if (!inode->used || !inode->linked)
            continue;
        assert(inode->opened == 0);
        memcpy(image->files[image->count].name, inode->name, NAME_BYTES);
        content_copy(&image->files[image->count].content, &inode->now);
        image->count++;
    }
    return image;
}

/* Makes a file of the image, in the memory that it had already: a test does this thousands of times. */
static void load_file(const char *name, const struct content *content)
{
    struct inode *inode = inode_find(name);
    if (!inode)
        inode = inode_new(name);
    changes_free(inode);
    inode->durable_linked = true;
    content_copy(&inode->now, content);
    content_copy(&inode->durable, content);
}

static bool image_has(const struct crash_image *image, const char *name)
{
    for (size_t i = 0; i < image->count; i++)
        if (str_eq(image->files[i].name, name))
            return true;
    return false;
}

void crash_vfs_load(const struct crash_image *image)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct inode *inode = &disk.inodes[i];
        assert(inode->opened == 0);
        if (inode->used && (!inode->linked || !image_has(image, inode->name)))
            inode_free(inode);
    }
    for (size_t i = 0; i < image->count; i++)
        load_file(image->files[i].name, &image->files[i].content);
    disk.off = false;
    crash_vfs_fail_at(0);
}

void crash_image_free(struct crash_image *image)
{
    for (size_t i = 0; i < image->count; i++)
        content_free(&image->files[i].content);
    free(image);
}

void crash_vfs_fail_at(uint64_t step)
{
    disk_lock();
    disk.steps = 0;
    disk.written_back = 0;
    disk.fail_at = step;
    disk_unlock();
}

uint64_t crash_vfs_steps(void)
{
    disk_lock();
    uint64_t steps = disk.steps;
    disk_unlock();
    return steps;
}

uint64_t crash_vfs_written_back(void)
{
    disk_lock();
    uint64_t written_back = disk.written_back;
    disk_unlock();
    return written_back;
}

bool crash_vfs_step(void)
{
    disk_lock();
    bool fails = step_fails();
    disk_unlock();
    return !fails;
}

bool crash_vfs_is_off(void)
{
    disk_lock();
    bool off = disk.off;
    disk_unlock();
    return off;
}

static uint64_t draw(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
    uint64_t x = *seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/* Writes the pieces of a write that lie before `end`, or those that a coin chooses when `chance`. */
static void keep_pieces(struct content *content, const struct change *change, size_t end, bool chance, uint64_t *seed)
{
    for (size_t at = 0; at < change->n;) {
        size_t piece = MIN_OF(PIECE_BYTES - (change->offset + at) % PIECE_BYTES, change->n - at);
        if (chance ? draw(seed) & 1 : at < end)
            content_write(content, change->offset + at, change->bytes + at, piece);
        at += piece;
    }
}

static void keep_changes(struct inode *inode, enum crash_keep keep, uint64_t *seed)
{
    size_t count = 0;
    for (const struct change *change = inode->changes; change; change = change->next)
        count++;
    size_t whole = keep == CRASH_KEEP_ALL ? count : (size_t)(draw(seed) % (count + 1)); /* used by ALL and PREFIX */
    for (const struct change *change = inode->changes; change; change = change->next) {
        bool pieces = keep == CRASH_KEEP_PIECES;
        if (whole > 0 && !pieces) {
            change_apply(&inode->durable, change);
            whole--;
            continue;
        }
        if (!change->bytes && pieces && draw(seed) & 1)
            change_apply(&inode->durable, change);
        if (change->bytes)
            keep_pieces(&inode->durable, change, change->n ? (size_t)(draw(seed) % change->n) : 0, pieces, seed);
        if (!pieces)
            break;
    }
}

/* The same coin for both when a file was deleted and another made under its name. */
static bool keeps_name(const char *name, enum crash_keep keep, uint64_t seed)
{
    if (keep == CRASH_KEEP_NOTHING || keep == CRASH_KEEP_ALL)
        return keep == CRASH_KEEP_ALL;
    for (; *name; name++)
        seed = (seed ^ (unsigned char)*name) * 1099511628211ULL;
    return draw(&seed) & 1;
}

void crash_vfs_reboot(enum crash_keep keep, uint64_t seed)
{
    uint64_t chance = seed;
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct inode *inode = &disk.inodes[i];
        if (!inode->used)
            continue;
        assert(inode->opened == 0);
        if (keeps_name(inode->name, keep, seed))
            inode->durable_linked = inode->linked;
        if (keep != CRASH_KEEP_NOTHING)
            keep_changes(inode, keep, &chance);
        changes_free(inode);
        content_copy(&inode->now, &inode->durable);
        inode->linked = inode->durable_linked;
        inode_free_if_gone(inode);
    }
    disk.off = false;
    crash_vfs_fail_at(0);
}

void crash_vfs_synchronous(const char *level)
{
    (void)snprintf(disk.synchronous, sizeof(disk.synchronous), "%s", level ? level : "");
}

void crash_vfs_checkpoint_pages(int pages)
{
    disk.checkpoint_pages = pages;
}
