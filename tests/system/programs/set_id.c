// Programs that act as their file's owner or group. Begins as user 0; says who each of its copies is. set_id FOLDER
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static int tell(const char* of) {
    uid_t uid, effective, saved;
    gid_t gid, effective_group, saved_group;
    char line[200];
    int signal = 0;
    getresuid(&uid, &effective, &saved), getresgid(&gid, &effective_group, &saved_group);
    prctl(PR_GET_PDEATHSIG, &signal);
    printf("%s: %d %d %d, %d %d %d, secure %lu, dumpable %d, signal %d\n", of, uid, effective, saved, gid, effective_group, saved_group, getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE), signal);
    FILE* status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "CapPrm", 6) || !strncmp(line, "CapEff", 6)) printf("  %.6s %s\n", line, strtoull(line + 7, NULL, 16) ? "some" : "none");
    // What it may do from here on.
    int given_up = seteuid(uid);
    int taken_back = seteuid(effective);
    printf("  gives up %d, takes back %d, acts as 0: %d\n", given_up, taken_back, seteuid(0));
    return 0;
}

int main(int count, char** arguments) {
    if (count == 3) return tell(arguments[2]);
    if (count != 2 || chdir(arguments[1])) return 1;
    static const struct {
        const char* name;
        uid_t owner;
        gid_t group;
        mode_t mode;
        int gains_nothing;
    } kinds[] = {
        {"plain", 0, 0, 0755, 0}, {"user", 0, 0, 04755, 0}, {"another-user", 7, 8, 04755, 0}, {"group", 7, 8, 02755, 0}, {"group-that-may-not-run-it", 7, 8, 02745, 0},
        {"both", 7, 8, 06755, 0}, {"no-new-privileges", 0, 0, 06755, 1},
    };
    char bytes[1 << 16];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
        int from = open("/proc/self/exe", O_RDONLY), to = open(kinds[i].name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
        for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;)
            if (write(to, bytes, (size_t)size) != size) return 2;
        close(from);
        if (fchown(to, kinds[i].owner, kinds[i].group) || fchmod(to, kinds[i].mode) || close(to)) return 3;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            if (setgroups(0, NULL) || setresgid(1000, 1000, 1000) || setresuid(1001, 1001, 1001)) _exit(4);
            if (kinds[i].gains_nothing) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            execl(kinds[i].name, kinds[i].name, ".", kinds[i].name, NULL);
            printf("%s: %s\n", kinds[i].name, strerror(errno));
            _exit(5);
        }
        int status;
        waitpid(child, &status, 0);
        if (status) printf("%s ended with %x\n", kinds[i].name, status);
        unlink(kinds[i].name);
    }
    // Trust that a file is given stays while it is open, and what a stranger then does to it ends it; who is user 0 ends only its capabilities.
    static const char* const deeds[] = {"opens", "writes nothing", "writes", "writes in pieces", "appends", "sends", "moves", "copies", "truncates", "allocates"};
    for (int stranger = 0; stranger < 2; ++stranger)
        for (size_t i = 0; i < sizeof deeds / sizeof *deeds; ++i) {
            struct stat seen;
            int file = open("changed", O_RDWR | O_CREAT | O_TRUNC, 0700), source = open("source", O_RDWR | O_CREAT | O_TRUNC, 0700), ends[2];
            // A capability set of version 2, which gives CAP_CHOWN.
            static const unsigned capabilities[5] = {0x02000001, 1};
            if (write(file, "#", 1) != 1 || fchmod(file, 06777) || fsetxattr(file, "security.capability", capabilities, sizeof capabilities, 0)) return 3;
            if (write(source, "abc", 3) != 3 || lseek(source, 0, SEEK_SET) || pipe(ends) || write(ends[1], "abc", 3) != 3) return 3;
            fflush(stdout);
            if (fork() == 0) {
                if (stranger && setresuid(1001, 1001, 1001)) _exit(4);
                struct iovec piece = {"!", 1};
                switch (i) {
                case 0: _exit(open("changed", O_RDWR) < 0);
                case 1: _exit(write(file, "", 0) != 0);
                case 2: _exit(write(file, "!", 1) != 1);
                case 3: _exit(pwritev(file, &piece, 1, 0) != 1);
                case 4: _exit(syscall(SYS_pwritev2, file, &piece, 1L, -1L, 0L, 0x10 /* RWF_APPEND */) != 1);
                case 5: _exit(sendfile(file, source, NULL, 3) != 3);
                case 6: _exit(splice(ends[0], NULL, file, NULL, 3, 0) != 3);
                case 7: _exit(copy_file_range(source, NULL, file, NULL, 3, 0) != 3);
                case 8: _exit(ftruncate(file, 0) != 0);
                case 9: _exit(fallocate(file, 0, 0, 10) != 0);
                }
            }
            int status;
            wait(&status);
            fstat(file, &seen);
            printf("%s %s: %d, %o, capabilities %s\n", stranger ? "stranger" : "user 0", deeds[i], status, seen.st_mode & 07777,
                   fgetxattr(file, "security.capability", NULL, 0) < 0 ? strerror(errno) : "there");
            close(file), close(source), close(ends[0]), close(ends[1]);
        }
    int given = open("changed", O_RDWR);
    static const unsigned some[5] = {0x02000001, 1};
    if (fchmod(given, 06777) || fsetxattr(given, "security.capability", some, sizeof some, 0)) return 3;
    if (fchown(given, 7, 8)) return 3;
    struct stat owned;
    fstat(given, &owned);
    printf("given to another: %o, capabilities %s\n", owned.st_mode & 07777, fgetxattr(given, "security.capability", NULL, 0) < 0 ? strerror(errno) : "there");
    close(given), unlink("source"), unlink("changed");
    // What a stranger changes is not trusted any more.
    for (int truncated = 0; truncated < 2; ++truncated) {
        struct stat seen;
        int file = open("changed", O_WRONLY | O_CREAT | O_TRUNC, 0700);
        if (write(file, "#", 1) != 1 || fchmod(file, 06777) || close(file)) return 3;
        fflush(stdout);
        if (fork() == 0) {
            if (setresuid(1001, 1001, 1001)) _exit(4);
            if (truncated) _exit(truncate("changed", 0) != 0);
            file = open("changed", O_WRONLY);
            _exit(write(file, "!", 1) != 1);
        }
        wait(NULL);
        stat("changed", &seen);
        printf("%s by a stranger: %o\n", truncated ? "truncated" : "written", seen.st_mode & 07777);
        unlink("changed");
    }
    // Who acts as another already goes on so.
    fflush(stdout);
    if (fork() == 0) {
        char self[4096] = "";
        readlink("/proc/self/exe", self, sizeof self - 1);
        if (setegid(1000) || seteuid(1001)) _exit(4);
        execl(self, self, ".", "acting", NULL);
        printf("acting: %s\n", strerror(errno));
        _exit(5);
    }
    wait(NULL);
    return 0;
}
