// As many files as a tmpfs has room for, then more: what statfs tells of it, and what ends it. many_files FOLDER
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static long left(void) {
    struct statfs now;
    if (statfs(".", &now)) exit(1);
    return (long)now.f_ffree;
}
static int make(long number) {
    char name[32];
    snprintf(name, sizeof name, "file%ld", number);
    return mknod(name, S_IFREG | 0600, 0);
}
static int drop(long number) {
    char name[32];
    snprintf(name, sizeof name, "file%ld", number);
    return unlink(name);
}
static const char *text(int result) { return result < 0 ? strerror(errno) : "done"; }

int main(int count, char **arguments) {
    if (count != 2 || chdir(arguments[1])) return 1;
    struct statfs all;
    if (statfs(".", &all)) return 1;
    long before = left(), made = 0;
    printf("room for more than 1000: %d, the folder itself counts: %d\n", before > 1000, before < (long)all.f_files);
    while (made <= before && make(made) == 0) ++made;
    printf("as many as were told: %d, then %s\n", made == before, text(make(made)));
    printf("a folder: %s\n", text(mkdir("folder", 0700)));
    printf("a link: %s\n", text(symlink("x", "link")));
    printf("another name: %s\n", text(link("file0", "name")));
    printf("an attribute: %s\n", text(setxattr("file0", "user.one", "value", 5, 0)));
    int unnamed = open(".", O_RDWR | O_TMPFILE, 0600);
    printf("without a name: %s\n", text(unnamed));
    printf("renamed: %s\n", text(rename("file1", "renamed")));
    rename("renamed", "file1");
    drop(--made), drop(--made);
    printf("two less: %ld\n", left());
    printf("another name: %s\n", text(link("file0", "name")));
    printf("one left: %ld\n", left());
    printf("a folder: %s\n", text(mkdir("folder", 0700)));
    printf("none left: %ld, another: %s\n", left(), text(make(made)));
    unlink("name");
    rmdir("folder");
    static char value[60000];
    printf("a large attribute: %s\n", text(setxattr("file0", "user.one", value, sizeof value, 0)));
    while (made > 1 && left() < 200) drop(--made);
    long free_files = left();
    int attributes = 0;
    char name[32];
    while (attributes < 100 && (snprintf(name, sizeof name, "user.%d", attributes), setxattr("file0", name, value, sizeof value, 0) == 0)) ++attributes;
    printf("large attributes: %d, then %s\n", attributes, strerror(errno));
    printf("the last again: %s, smaller: %s\n", text(setxattr("file0", "user.0", value, sizeof value, 0)), text(setxattr("file0", "user.0", value, 10, 0)));
    for (int i = 0; i < attributes; ++i) snprintf(name, sizeof name, "user.%d", i), removexattr("file0", name);
    printf("all given back: %d\n", left() == free_files);
    while (made) drop(--made);
    printf("as at first: %d\n", left() == before);
    return 0;
}
