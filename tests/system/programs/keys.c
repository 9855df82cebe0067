// Semaphores and message queues by key: prints what each call answered, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); } while (0)
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#define MOST 32000
union argument {
    int value;
    struct semid_ds *state;
    unsigned short *all;
};
static int key;  // of this process alone: on Linux, others may run the same
static int set;

static int change(int index, int by, int flags) {
    struct sembuf operation = {index, by, flags};
    return semop(set, &operation, 1);
}
static int value(int index) { return semctl(set, index, GETVAL); }
static int two(int first, int second) {
    struct sembuf operations[] = {{0, first, IPC_NOWAIT}, {1, second, IPC_NOWAIT}};
    return semop(set, operations, 2);
}
static int within(int milliseconds) {
    struct sembuf operation = {0, -100, 0};
    struct timespec span = {0, milliseconds * 1000000};
    return semtimedop(set, &operation, 1, &span);
}
/// What /proc/sysvipc says of one.
static void listed(const char* kind, int id) {
    char path[40], line[300];
    snprintf(path, sizeof path, "/proc/sysvipc/%s", kind);
    FILE* file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        int its_key, its_id, mode, first;
        if (sscanf(line, "%d %d %o %d", &its_key, &its_id, &mode, &first) == 4 && its_id == id) printf("%s: %d %o %d\n", kind, its_key == key, mode, first);
    }
    if (file) fclose(file);
}
static void on_alarm(int number) { (void)number; }

/// What a child's semop answered: its exit status is the error's number.
static pid_t waits(int index, int by) {
    pid_t pid = fork();
    if (pid == 0) _exit(change(index, by, 0) == 0 ? 0 : errno);
    while (semctl(set, index, by ? GETNCNT : GETZCNT) != 1) usleep(1000);
    return pid;
}
static int status(pid_t pid) {
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void semaphores(void) {
    SHOW(semget(key, 1, 0600));
    SHOW(semget(key, 0, IPC_CREAT | 0600));
    SHOW(semget(key, -1, IPC_CREAT | 0600));
    SHOW(semget(key, MOST + 1, IPC_CREAT | 0600));
    set = semget(key, 3, IPC_CREAT | IPC_EXCL | 0640);
    SHOW(set >= 0);
    SHOW(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
    SHOW(semget(key, 2, 0) == set);
    SHOW(semget(key, 4, 0));
    struct semid_ds state;
    memset(&state, 0xff, sizeof state);
    union argument argument = {.state = &state};
    SHOW(semctl(set, 0, IPC_STAT, argument));
    printf("mode %o count %d key %d operated %ld changed %d\n", state.sem_perm.mode, (int)state.sem_nsems, state.sem_perm.__key == key,
           (long)state.sem_otime, state.sem_ctime > 0);
    listed("sem", set);
    SHOW(value(0));
    SHOW(value(3));
    SHOW(change(0, 5, 0));
    SHOW(value(0));
    SHOW(semctl(set, 0, GETPID) == getpid());
    SHOW(semctl(set, 1, GETPID));
    SHOW(change(0, -6, IPC_NOWAIT));
    SHOW(change(0, 0, IPC_NOWAIT));
    SHOW(change(1, 0, IPC_NOWAIT));
    SHOW(change(3, 1, 0));
    SHOW(change(0, 32763, 0));
    SHOW(two(-5, -1));
    SHOW(value(0));
    SHOW(two(-5, 1));
    printf("%d %d\n", value(0), value(1));
    SHOW(semop(set, NULL, 0));
    SHOW(semop(set, NULL, 501));
    SHOW(semop(set, NULL, 1));
    SHOW(semop(MOST * 10, NULL, 1));
    SHOW(within(20));
    signal(SIGALRM, on_alarm);
    alarm(1);
    SHOW(change(0, -1, 0));  // never made again, whatever the handler's flags
    unsigned short all[3] = {7, 8, 9};
    argument.all = all;
    SHOW(semctl(set, 0, SETALL, argument));
    memset(all, 0, sizeof all);
    SHOW(semctl(set, 0, GETALL, argument));
    printf("%d %d %d\n", all[0], all[1], all[2]);
    argument.value = 32768;
    SHOW(semctl(set, 0, SETVAL, argument));
    argument.value = 0;
    SHOW(semctl(set, 3, SETVAL, argument));
    SHOW(semctl(set, 0, SETVAL, argument));
    // Others that wait go on when their turn has come.
    pid_t more = waits(0, -2);
    SHOW(change(0, 1, 0));
    SHOW(semctl(set, 0, GETNCNT));
    SHOW(change(0, 1, 0));
    SHOW(status(more));
    SHOW(value(0));
    SHOW(change(0, 3, 0));
    pid_t zero = waits(0, 0);
    SHOW(semctl(set, 0, GETZCNT));
    SHOW(change(0, -3, 0));
    SHOW(status(zero));
    // What a process changed with SEM_UNDO is undone at its end, however it ends; not what it had before a fork.
    SHOW(change(1, 2, SEM_UNDO));
    pid_t child = fork();
    if (child == 0) {
        change(1, -3, SEM_UNDO), change(1, 1, SEM_UNDO), change(2, 4, SEM_UNDO);
        printf("%d %d\n", value(1), value(2));
        fflush(stdout);
        kill(getpid(), SIGKILL);
    }
    SHOW(status(child));
    printf("%d %d\n", value(1), value(2));
    child = fork();
    if (child == 0) {
        change(2, -5, SEM_UNDO);
        argument.value = 1;
        semctl(set, 2, SETVAL, argument);
        _exit(0);
    }
    SHOW(status(child));
    SHOW(value(2));
    more = waits(0, -1);
    SHOW(semctl(set, 0, IPC_RMID));
    SHOW(status(more) == EIDRM);
    SHOW(change(0, 1, 0));
    SHOW(semget(key, 1, 0));
}

/// What would be undone in a set goes with it: all of these together would not fit into the memory.
static int short_lived_sets(void) {
    for (int i = 0; i < 6000; i++) {
        struct sembuf operation = {0, 1, SEM_UNDO};
        int one = semget(IPC_PRIVATE, 8000, 0600);
        if (one < 0) return -1;
        int done = semop(one, &operation, 1);
        if (semctl(one, 0, IPC_RMID) || done) return -1;
    }
    return 0;
}

static struct {
    long type;
    char text[8300];
} message;
static int queue;
static int put(long type, int size, int flags) {
    message.type = type;
    memset(message.text, 'a' + type % 26, size > 0 && size <= (int)sizeof message.text ? size : 0);
    return msgsnd(queue, &message, size, flags);
}
static int get(long type, int size, int flags) {
    memset(&message, 0, sizeof message);
    int got = msgrcv(queue, &message, size, type, flags | IPC_NOWAIT);
    if (got >= 0) printf("type %ld '%.4s' ", message.type, message.text);
    return got;
}
static struct msqid_ds state(void) {
    struct msqid_ds state;
    memset(&state, 0xff, sizeof state);
    msgctl(queue, IPC_STAT, &state);
    return state;
}

static void queues(void) {
    SHOW(msgget(key, 0600));
    queue = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    SHOW(queue >= 0);
    SHOW(msgget(key, IPC_CREAT) == queue);
    SHOW(msgget(key, IPC_CREAT | IPC_EXCL));
    SHOW(state().msg_qbytes);
    SHOW(get(0, 10, 0));
    SHOW(put(0, 1, 0));
    SHOW(put(-1, 1, 0));
    SHOW(put(1, 8193, 0));
    SHOW(put(1, -1, 0));
    for (int type = 5; type > 0; --type) put(type, type * 10, 0);
    put(3, 0, 0);
    printf("%d messages, %d bytes\n", (int)state().msg_qnum, (int)state().__msg_cbytes);
    listed("msg", queue);
    SHOW(state().msg_lspid == getpid());
    SHOW(get(3, 100, MSG_COPY));
    SHOW(get(9, 100, MSG_COPY));
    SHOW(get(0, 20, 0));
    SHOW(get(0, 20, MSG_NOERROR));
    SHOW(get(3, 100, 0));
    SHOW(get(3, 100, 0));
    SHOW(get(3, 100, 0));
    SHOW(get(-3, 100, 0));
    SHOW(get(4, 100, MSG_EXCEPT));
    SHOW(get(-3, 100, 0));
    SHOW(get(0, -1, 0));
    SHOW(get(4, 40, 0));
    SHOW(get(0, 40, 0));
    SHOW(state().msg_lrpid == getpid());
    // A full queue holds senders up, an empty one receivers.
    SHOW(put(1, 8192, 0));
    SHOW(put(2, 8192, 0));
    SHOW(put(3, 1, IPC_NOWAIT));
    pid_t sender = fork();
    if (sender == 0) _exit(put(3, 5, 0) == 0 ? 0 : errno);
    usleep(100000);
    SHOW(get(2, 8192, 0));
    SHOW(status(sender));
    SHOW(get(3, 10, 0));
    SHOW(get(0, 8192, 0));
    pid_t receiver = fork();
    if (receiver == 0) _exit(msgrcv(queue, &message, 100, 7, 0) == 3 ? 0 : errno);
    usleep(100000);
    SHOW(put(6, 3, 0));
    SHOW(put(7, 3, 0));
    SHOW(status(receiver));
    SHOW(state().msg_qnum);
    receiver = fork();
    if (receiver == 0) _exit(msgrcv(queue, &message, 100, 7, 0) >= 0 ? 0 : errno);
    usleep(100000);
    SHOW(msgctl(queue, IPC_RMID, NULL));
    SHOW(status(receiver) == EIDRM);
    SHOW(put(1, 1, 0));
    SHOW(msgctl(queue, IPC_RMID, NULL));
}

/// A stop does not end a wait for a message, or for room.
static void stopped_waits(void) {
    queue = msgget(IPC_PRIVATE, 0600);
    for (int full = 0; full < 2; ++full) {
        pid_t child = fork();
        if (child == 0) {
            if (full) {
                while (put(1, 8000, IPC_NOWAIT) == 0) {}
                _exit(put(1, 8000, 0) == 0 ? 0 : errno);
            }
            _exit(msgrcv(queue, &message, 100, 7, 0) == 3 ? 0 : errno);
        }
        int told;
        setpgid(child, child);
        usleep(100000);
        kill(child, SIGSTOP);
        SHOW(waitpid(child, &told, WUNTRACED) == child && WIFSTOPPED(told));
        kill(child, SIGCONT);
        usleep(100000);
        if (full) SHOW(get(1, 8192, 0));
        else SHOW(put(7, 3, 0));
        SHOW(status(child));
    }
    SHOW(msgctl(queue, IPC_RMID, NULL));
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    key = 0x53500000 + getpid();
    semaphores();
    SHOW(short_lived_sets());
    queues();
    stopped_waits();
    return 0;
}
