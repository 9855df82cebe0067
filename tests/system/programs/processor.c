// What arm64 Linux offers of newer processors: identification registers, signed pointers, branch targets. Each where AT_HWCAP tells of it.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { cpuid = 1 << 11, atomics = 1 << 8, prot_bti = 0x10, reset_keys = 54 };
#define PACA (1ul << 30)
#define BTI (1ul << 17)

static void need(int good, const char* what) {
    if (good) return;
    printf("not so: %s\n", what);
    exit(1);
}

static void identification(void) {
    if (!(getauxval(AT_HWCAP) & cpuid)) return (void)puts("no identification");
    uint64_t isar0, main_id, affinity, unknown;
    __asm__("mrs %0, id_aa64isar0_el1" : "=r"(isar0));
    __asm__("mrs %0, midr_el1" : "=r"(main_id));
    __asm__("mrs %0, mpidr_el1" : "=r"(affinity));
    __asm__("mrs %0, S3_0_C0_C7_7" : "=r"(unknown));
    need((isar0 >> 20 & 15) >= 2 == !!(getauxval(AT_HWCAP) & atomics), "atomics in both");
    need(main_id >> 24 & 0xff || main_id & 0xffff, "an implementer");
    need(affinity >> 31 & 1, "the bit that is one");
    puts("identification ok");
}

static uint64_t sign(uint64_t pointer) {
    __asm__ volatile(".arch armv8.3-a\n\tpaciza %0" : "+r"(pointer));
    return pointer;
}
static uint64_t authenticate(uint64_t pointer) {
    __asm__ volatile(".arch armv8.3-a\n\tautiza %0" : "+r"(pointer));
    return pointer;
}
/// All of these as one, so that a signature that happens to come out the same does not count.
enum { many = 8 };
static void sign_many(uint64_t* out) {
    for (int i = 0; i < many; i++) out[i] = sign((uint64_t)&sign + 4096 * i);
}

static void signing(void) {
    if (!(getauxval(AT_HWCAP) & PACA)) return (void)puts("no signing");
    uint64_t first[many], again[many], changed[many];
    sign_many(first), sign_many(again);
    need(!memcmp(first, again, sizeof first), "one key, one signature");
    for (int i = 0; i < many; i++) need(authenticate(first[i]) == (uint64_t)&sign + 4096 * i, "what was signed is good");
    pid_t child = fork();
    if (!child) {
        sign_many(again);
        _exit(memcmp(first, again, sizeof first) != 0);
    }
    int status;
    need(waitpid(child, &status, 0) == child && status == 0, "a child has its parent's keys");
    need(prctl(reset_keys, 0x100, 0, 0, 0) == -1 && prctl(reset_keys, 1, 1, 0, 0) == -1, "no such keys");
    need(prctl(reset_keys, 2, 0, 0, 0) == 0, "another key is renewed");
    sign_many(again);
    need(!memcmp(first, again, sizeof first), "which leaves this one");
    need(prctl(reset_keys, 0, 0, 0, 0) == 0, "all keys are renewed");
    sign_many(changed);
    need(memcmp(first, changed, sizeof first) != 0, "which changes signatures");
    puts("signing ok");
}

static sigjmp_buf back;
static volatile int signal_code;
static void on_illegal(int number, siginfo_t* info, void* context) {
    signal_code = info->si_code;
    siglongjmp(back, 1);
}

static void branch_targets(void) {
    if (!(getauxval(AT_HWCAP2) & BTI)) return (void)puts("no branch targets");
    static const uint32_t code[] = {0xd503245f, 0x52800540, 0xd65f03c0,   // bti c; mov w0, #42; ret
                                    0xd503201f, 0x528000e0, 0xd65f03c0};  // nop; mov w0, #7; ret
    // Two pages of the same: QEMU keeps what it translated of a page, with or without checks, when only its flag changes.
    uint32_t* pages[2];
    for (int i = 0; i < 2; i++) {
        pages[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        need(pages[i] != MAP_FAILED, "mmap");
        memcpy(pages[i], code, sizeof code);
        __builtin___clear_cache((char*)pages[i], (char*)(pages[i] + 6));
        need(!mprotect(pages[i], 4096, PROT_READ | PROT_EXEC), "mprotect");
    }
    int (*volatile marked)(void) = (int (*)(void))pages[0];
    int (*volatile unmarked)(void) = (int (*)(void))(pages[0] + 3);
    need(marked() == 42 && unmarked() == 7, "any place, without the flag");
    need(!mprotect(pages[1], 4096, PROT_READ | PROT_EXEC | prot_bti), "mprotect with PROT_BTI");
    marked = (int (*)(void))pages[1], unmarked = (int (*)(void))(pages[1] + 3);
    need(marked() == 42, "a marked place");
    struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
    if (!sigsetjmp(back, 1)) {
        unmarked();
        need(0, "a place without a mark is refused");
    }
    need(signal_code == ILL_ILLOPC, "ILL_ILLOPC");
    puts("branch targets ok");
}

int main(void) {
    identification();
    signing();
    branch_targets();
    return 0;
}
