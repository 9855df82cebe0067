// Pseudoterminals, sessions and controlling terminals: prints what happened, the same on every Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif
#define SHOW(expression) do { errno = 0; long result_ = (long)(expression); printf("%s = %ld %s\n", #expression, result_, result_ < 0 ? strerror(errno) : ""); fflush(stdout); } while (0)

static char buffer[4096];
static void show(const char *what, int fd) {
    usleep(20000);
    errno = 0;
    ssize_t size = read(fd, buffer, sizeof buffer);
    printf("%s %zd %s '", what, size, size < 0 ? strerror(errno) : "");
    for (ssize_t i = 0; i < size; ++i) {
        unsigned char c = buffer[i];
        if (c < 32 || c == 127) printf("\\%03o", c);
        else putchar(c);
    }
    printf("'\n");
    fflush(stdout);
}
static void put(int fd, const char *text) {
    errno = 0;
    ssize_t size = write(fd, text, strlen(text));
    printf("write %zd %s\n", size, size < 0 ? strerror(errno) : "");
    fflush(stdout);
}
static int events(int fd) {
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};
    poll(&p, 1, 0);
    return p.revents;
}
static void nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static volatile sig_atomic_t got;
static void note(int number) { got = number; }
/// Not with pause(): a signal that comes just before it would be waited for in vain.
static void await(int number) {
    while (got != number) usleep(1000);
}

/// What of the settings nobody changes: bits, and characters.
static void locked_settings(int m, int s) {
    struct termios now, locked;
    unsigned char room[2 * sizeof locked];
    memset(room, 0xff, sizeof room);
    SHOW(ioctl(s, TIOCGLCKTRMIOS, room));
    memcpy(&locked, room, sizeof locked);
    printf("locked %x %x %x %x %x %x\n", locked.c_iflag, locked.c_oflag, locked.c_cflag, locked.c_lflag, locked.c_cc[VERASE], room[36]);
    locked.c_lflag = ECHO, locked.c_iflag = IUTF8, locked.c_cc[VERASE] = 1;
    SHOW(ioctl(m, TIOCSLCKTRMIOS, &locked));
    SHOW(tcgetattr(s, &now));
    now.c_lflag &= ~(tcflag_t)(ECHO | ECHOK), now.c_iflag |= IUTF8 | IXANY, now.c_cc[VERASE] = 'x', now.c_cc[VKILL] = 'y';
    SHOW(tcsetattr(s, TCSANOW, &now));
    SHOW(tcgetattr(m, &now));
    printf("now %x %x, %x %x\n", now.c_iflag, now.c_lflag, now.c_cc[VERASE], now.c_cc[VKILL]);
    SHOW(ioctl(m, TIOCGLCKTRMIOS, &locked));
    printf("locked %x %x %x\n", locked.c_iflag, locked.c_lflag, locked.c_cc[VERASE]);
    SHOW(ioctl(s, TIOCSLCKTRMIOS, NULL));
    if (fork() == 0) {
        (void)!setresuid(1, 1, 1);
        SHOW(ioctl(s, TIOCSLCKTRMIOS, &locked));
        SHOW(ioctl(s, TIOCGLCKTRMIOS, &locked));
        _exit(0);
    }
    wait(NULL);
    memset(&locked, 0, sizeof locked);
    SHOW(ioctl(m, TIOCSLCKTRMIOS, &locked));
}
/// The requests of System V's struct termio, which is shorter: what it lacks stays.
static void old_settings(int m, int s) {
    struct {
        unsigned short input, output, control, local;
        unsigned char discipline, characters[8];
    } old = {0};
    struct termios t;
    SHOW(ioctl(s, TCGETA, &old));
    printf("%x %x %x %x %d", old.input, old.output, old.control, old.local, old.discipline);
    for (int i = 0; i < 8; ++i) printf(" %x", old.characters[i]);
    puts("");
    old.local &= (unsigned short)~ECHO;
    old.characters[2] = 'z';
    SHOW(ioctl(m, TCSETA, &old));
    SHOW(tcgetattr(s, &t));
    printf("echo %d erase %x suspend %x literal %x\n", (t.c_lflag & ECHO) != 0, t.c_cc[VERASE], t.c_cc[VSUSP], t.c_cc[VLNEXT]);
    put(m, "unread");
    events(s);  // Linux hands over what was written only later, unless somebody looks for it
    old.local |= ECHO;
    old.characters[2] = 0177;
    SHOW(ioctl(s, TCSETAW, &old));
    SHOW(ioctl(s, TCSETAF, &old));
    put(m, "abc\n");
    show("slave", s);
    show("master", m);
    SHOW(ioctl(s, TCGETA, NULL));
    int discipline = 7;
    SHOW(ioctl(s, TIOCGETD, &discipline));
    SHOW(discipline);
    SHOW(ioctl(s, TIOCSETD, &discipline));
    discipline = 1000;
    SHOW(ioctl(m, TIOCSETD, &discipline));
    SHOW(ioctl(s, TIOCSETD, NULL));
}

static void lines(void) {
    int m = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = -1, value;
    SHOW(ioctl(m, TIOCGPTN, &number));
    char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    SHOW(open(path, O_RDWR | O_NOCTTY));
    SHOW(unlockpt(m));
    SHOW(ioctl(m, TIOCGPTLCK, &value));
    printf("lock %d, name %s\n", value, strcmp(ptsname(m), path) ? "differs" : "agrees");
    int s = open(path, O_RDWR | O_NOCTTY);
    struct stat st, by_name;
    fstat(s, &st);
    stat(path, &by_name);
    printf("device %d major %d same %d %d number %d\n", S_ISCHR(st.st_mode), (int)(st.st_rdev >> 8), st.st_ino == by_name.st_ino, st.st_dev == by_name.st_dev,
           (int)(st.st_ino - 3 - number));
    printf("tty %d %d %s\n", isatty(s), isatty(m), strcmp(ttyname(s) ? ttyname(s) : "none", path) ? "differs" : "agrees");
    SHOW(fchmod(s, 0600));
    stat(path, &st);
    printf("mode %o\n", st.st_mode);
    struct winsize size = {40, 100, 1, 2}, seen = {0};
    SHOW(ioctl(m, TIOCSWINSZ, &size));
    SHOW(ioctl(s, TIOCGWINSZ, &seen));
    printf("%d %d %d %d\n", seen.ws_row, seen.ws_col, seen.ws_xpixel, seen.ws_ypixel);
    nonblocking(m), nonblocking(s);
    printf("events %x %x\n", events(m), events(s));
    show("slave", s);
    show("master", m);
    put(s, "hello\n");
    printf("events %x\n", events(m));
    SHOW(ioctl(m, FIONREAD, &value));
    printf("%d waiting\n", value);
    show("master", m);
    put(m, "abc");
    show("slave", s);
    put(m, "\177d\nnext\n");
    printf("events %x\n", events(s));
    show("slave", s);
    show("slave", s);
    show("master", m);
    put(m, "\004");
    show("slave", s);
    old_settings(m, s);
    locked_settings(m, s);
    struct termios t;
    SHOW(tcgetattr(m, &t));
    cfmakeraw(&t);
    SHOW(tcsetattr(s, TCSANOW, &t));
    put(m, "raw\r\n\003");
    show("slave", s);
    show("master", m);
    put(s, "a\nb");
    show("master", m);
    // full queues
    ssize_t total = 0, size_now;
    memset(buffer, 'x', sizeof buffer);
    // Full only when it stays so: what was written may go on, after a while, to where the master reads.
    for (ssize_t before = -1; total != before; usleep(50000)) {
        before = total;
        while ((size_now = write(s, buffer, 1000)) > 0) total += size_now;
    }
    printf("slave fills: %d, %s; events %x\n", total > 4000, strerror(errno), events(s));
    while (read(m, buffer, sizeof buffer) > 0) {}
    printf("events %x\n", events(s));
    memset(buffer, 'y', sizeof buffer);
    for (total = 0; (size_now = write(m, buffer, 1000)) > 0;) total += size_now;
    printf("master fills: %d, %s\n", total >= 4000, strerror(errno));
    for (ssize_t back = 0; total > back;) {
        size_now = read(s, buffer, sizeof buffer);
        if (size_now > 0) back += size_now;
        else usleep(1000);
        if (back == total) printf("all came\n");
    }
    SHOW(tcflush(s, TCIOFLUSH));
    // packets
    int on = 1;
    SHOW(ioctl(m, TIOCPKT, &on));
    put(s, "data");
    show("master", m);
    SHOW(tcflush(s, TCIFLUSH));
    printf("events %x\n", events(m));
    show("master", m);
    show("master", m);
    on = 0;
    SHOW(ioctl(m, TIOCPKT, &on));
    int peer;
    SHOW((peer = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY)) >= 0);
    printf("peer %s\n", ttyname(peer) && !strcmp(ttyname(peer), path) ? "agrees" : "differs");
    close(peer);
    // the ends
    put(s, "last");
    close(s);
    printf("events %x\n", events(m));
    show("master", m);
    show("master", m);
    s = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    printf("events %x\n", events(m));
    show("master", m);
    put(m, "typed");
    close(m);
    printf("events %x\n", events(s));
    show("slave", s);
    put(s, "x");
    SHOW(tcgetattr(s, &t));
    SHOW(open(path, O_RDWR));
    close(s);
}

static void sessions(void) {
    int m, s;
    SHOW(openpty(&m, &s, 0, 0, 0));
    SHOW(tcgetpgrp(s));
    pid_t child = fork();
    if (child == 0) {
        close(m);
        signal(SIGHUP, note), signal(SIGINT, note), signal(SIGWINCH, note);
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(setsid() == getpid());
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(ioctl(s, TIOCSCTTY, 0));
        SHOW(ioctl(s, TIOCSCTTY, 0));
        SHOW(open("/dev/tty", O_RDWR) >= 0);
        SHOW(tcgetpgrp(s) == getpid());
        SHOW(tcgetsid(s) == getpid());
        SHOW(tcsetpgrp(s, 77777));
        write(s, "go", 2);
        await(SIGINT);
        printf("SIGINT came\n");
        fflush(stdout);
        write(s, "on", 2);
        await(SIGWINCH);
        printf("SIGWINCH came\n");
        // a group in the background may not read
        pid_t back = fork();
        if (back == 0) {
            setpgid(0, 0);
            signal(SIGTTIN, SIG_DFL);
            char c;
            read(s, &c, 1);
            _exit(1);
        }
        int status;
        SHOW(waitpid(back, &status, WUNTRACED) == back);
        printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
        kill(back, SIGKILL);
        waitpid(back, &status, 0);
        write(s, "up", 2);
        fflush(stdout);
        await(SIGHUP);
        printf("SIGHUP came\n");
        errno = 0;
        printf("read %d, ", (int)read(s, buffer, 1));
        printf("open /dev/tty %d\n", open("/dev/tty", O_RDWR) >= 0);
        fflush(stdout);
        _exit(0);
    }
    close(s);
    show("master", m);
    // What the child prints follows from these: nothing is printed here until it has.
    write(m, "\003", 1);
    while (read(m, buffer, 1) == 1 && buffer[0] != 'n') {}
    struct winsize size = {1, 2, 3, 4};
    ioctl(m, TIOCSWINSZ, &size);
    while (read(m, buffer, 1) == 1 && buffer[0] != 'p') {}
    close(m);
    SHOW(waitpid(child, 0, 0) == child);
}

int main(void) {
    lines();
    sessions();
    // a session leader's end
    int m;
    pid_t child = forkpty(&m, 0, 0, 0);
    if (child == 0) {
        int ready[2];
        pipe(ready);
        sigset_t hang_up;
        sigemptyset(&hang_up);
        sigaddset(&hang_up, SIGHUP);
        if (fork() == 0) {
            sigprocmask(SIG_BLOCK, &hang_up, 0);
            write(ready[1], "", 1);
            int number;
            sigwait(&hang_up, &number);
            write(1, number == SIGHUP ? "hung" : "other", 4);
            _exit(0);
        }
        read(ready[0], buffer, 1);
        _exit(3);
    }
    int status;
    waitpid(child, &status, 0);
    printf("status %d\n", WEXITSTATUS(status));
    show("master", m);
    show("master", m);
    return 0;
}
