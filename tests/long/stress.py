"""stress-ng: races and wrong results under load, by its own verification. One case per stressor, two workers each.

Left out are those that need what Spore has not (ptrace, mount, swap, modules of Linux's), that Linux's own limits end, or that would end the machine."""
import re

from system.case import Case

STRESS = "/usr/bin/stress-ng"
SECONDS = 2
STRESSORS = """
    access af-alg affinity aio aiol alarm atomic bad-altstack bigheap branch brk bsearch cache cacheline cap chattr chdir chmod chown chroot clock
    clone close context copy-file cpu crypt cyclic daemon dekker dentry dev dev-shm dir dirdeep dirmany dup dynlib enosys env epoll eventfd exit-group
    fallocate fault fcntl fifo file-ioctl filename flock flushcache fork forkheavy fp fp-error fpunch fsize fstat full funccall funcret futex get
    getdent getrandom goto handle hash hdd heapsort hrtimers hsearch icache icmp-flood inode-flags inotify io ioprio itimer jpeg judy kcmp kill lease
    link list loadavg locka lockbus lockf lockofd longjmp loop lsearch madvise malloc matrix matrix-3d mcontend membarrier memcpy memfd memrate
    mergesort mincore misaligned mknod mlock mmap mmapaddr mmapfixed mmapfork mmaphuge mmapmany mprotect mq mremap msg msync msyncmany munmap mutex
    nanosleep netdev nice nop null numa open pagemove pageswap personality peterson pidfd ping-sock pipe pipeherd pkey poll prctl prefetch procfs
    pthread pty qsort quota race-sched radixsort ramfs randlist rawpkt rawsock rawudp readahead regs remap rename resched resources revio ring-pipe
    rlimit rmap rotate rtc schedpolicy seal seek sem sem-sysv sendfile session set shellsort shm shm-sysv sigabrt sigchld sigfd sigfpe sigio signal
    signest sigpending sigpipe sigq sigrt sigsegv sigsuspend sigtrap skiplist sleep sock sockabuse sockfd sockmany sockpair softlockup sparsematrix
    splice stack stackmmap str stream switch symlink sync-file syncload sysbadaddr syscall sysfs sysinfo tee timer timerfd tlb-shootdown touch tree
    tsearch udp udp-flood umount unshare urandom utime vdso vecfp vecmath vecshuf vecwide
"""


def stress(stressor):
    return Case(stressor, [STRESS, "--temp-path", "/tmp", "--timeout", str(SECONDS), "--verify", "--" + stressor, "2"], needs=(STRESS,),
                stderr=re.compile("successful run completed"), machines=("microvm",), memory="512M", timeout=60 + 4 * SECONDS, spread=True, installed="stress-ng")


CASES = [stress(stressor) for stressor in STRESSORS.split()]
