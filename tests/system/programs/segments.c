// Shared memory by key: prints what each call answered, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)
enum { page = 4096 };
static int key;  // of this process alone: on Linux, others may run the same

static int attach(int id, const void* at, int flags) {
    void* got = shmat(id, at, flags);
    if (got == (void*)-1) return -1;
    return shmdt(got);
}
static struct shmid_ds state(int id) {
    struct shmid_ds ds;
    memset(&ds, 0xff, sizeof ds);
    shmctl(id, IPC_STAT, &ds);
    return ds;
}

int main(void) {
    key = 0x53500000 + getpid();
    SHOW(shmget(key, 100, 0600));
    SHOW(shmget(key, 0, IPC_CREAT | 0600));
    int id = shmget(key, 5 * page + 1, IPC_CREAT | IPC_EXCL | 0640);
    SHOW(id >= 0);
    SHOW(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600));
    SHOW(shmget(key, 100, 0) == id);
    SHOW(shmget(key, 0, 0) == id);
    SHOW(shmget(key, 6 * page + 1, 0));
    SHOW(state(id).shm_perm.mode);
    SHOW(state(id).shm_perm.__key == key);
    SHOW(state(id).shm_segsz);
    SHOW(state(id).shm_nattch);
    SHOW(state(id).shm_cpid == getpid());
    SHOW(state(id).shm_atime);
    SHOW(state(id).shm_ctime > 0);

    char* memory = shmat(id, 0, 0);
    SHOW(memory != (void*)-1);
    SHOW(state(id).shm_nattch);
    SHOW(state(id).shm_lpid == getpid());
    for (int i = 0; i < 6 * page; ++i)
        if (memory[i]) printf("not zero at %d\n", i);
    strcpy(memory, "hello");
    char* again = shmat(id, 0, SHM_RDONLY);
    SHOW(again != memory);
    SHOW(strcmp(again, "hello"));
    SHOW(mprotect(again, page, PROT_READ | PROT_WRITE));
    SHOW(state(id).shm_nattch);
    // A process that is forked has them too, until it ends or executes.
    int pipes[2];
    pipe(pipes);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char c = 0;
        read(pipes[0], &c, 1);
        strcpy(memory + page, "from the child");
        _exit(shmdt(again));
    }
    SHOW(state(id).shm_nattch);
    write(pipes[1], "x", 1);
    int status;
    waitpid(child, &status, 0);
    SHOW(status);
    SHOW(strcmp(again + page, "from the child"));
    SHOW(state(id).shm_nattch);

    // At a place of one's own.
    SHOW(shmdt(again));
    SHOW(shmdt(again));
    SHOW(shmdt(memory + page));
    SHOW(shmdt(memory + 1));
    char* place = mmap(0, 16 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(shmat(id, place, 0));
    SHOW(shmat(id, place + 1, 0));
    SHOW((char*)shmat(id, place, SHM_REMAP) == place);
    SHOW(strcmp(place, "hello"));
    SHOW((char*)shmat(id, place + 8 * page + 7, SHM_RND | SHM_REMAP) == place + 8 * page);
    SHOW(state(id).shm_nattch);
    SHOW(munmap(place + page, page));
    SHOW(shmdt(place));
    SHOW(mincore(place + 2 * page, page, (unsigned char*)pipes));
    SHOW(state(id).shm_nattch);
    SHOW(shmdt(place + 8 * page));
    SHOW(attach(id, (void*)16, 0));
    SHOW(attach(id + 1, 0, 0));

    // Who may: others, and its owner by another user.
    struct shmid_ds changed = state(id);
    changed.shm_perm.mode = 0444;
    SHOW(shmctl(id, IPC_SET, &changed));
    SHOW(state(id).shm_perm.mode);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (setuid(65534)) _exit(9);
        SHOW(shmget(key, 0, 0600));
        SHOW(shmget(key, 0, 0400) == id);
        SHOW(attach(id, 0, 0));
        SHOW(attach(id, 0, SHM_RDONLY));
        SHOW(shmctl(id, IPC_RMID, 0));
        SHOW(shmctl(id, IPC_SET, &changed));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    SHOW(status);

    // Removed, it lives as long as it is attached; its key is free.
    SHOW(shmctl(id, IPC_RMID, 0));
    SHOW(shmget(key, 0, 0));
    SHOW(state(id).shm_perm.mode);
    SHOW(state(id).shm_perm.__key == IPC_PRIVATE);
    SHOW(strcmp(memory, "hello"));
    SHOW(attach(id, 0, 0));
    SHOW(shmdt(memory));
    SHOW(attach(id, 0, 0));
    SHOW(shmctl(id, IPC_STAT, &changed));
    int private_id = shmget(IPC_PRIVATE, 1, 0600);
    SHOW(private_id >= 0);
    SHOW(shmctl(private_id, 99, 0));
    SHOW(shmctl(private_id, SHM_LOCK, 0));
    SHOW(state(private_id).shm_perm.mode);
    SHOW(shmctl(private_id, IPC_RMID, 0));
    SHOW(shmctl(private_id, IPC_RMID, 0));
    SHOW(shmdt((void*)0x1000));
    return 0;
}
