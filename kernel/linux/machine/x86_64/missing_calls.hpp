// Linux's calls that Spore does not have, so that a program's use of one can be reported by name (x86-64).
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::linux::machine {

struct MissingCall {
    u16 number;
    std::string_view name;
};
inline constexpr MissingCall missing_calls[] = {
    {29, "shmget"}, {30, "shmat"}, {31, "shmctl"}, {64, "semget"}, {65, "semop"}, {66, "semctl"}, {67, "shmdt"}, {68, "msgget"},
    {69, "msgsnd"}, {70, "msgrcv"}, {71, "msgctl"}, {101, "ptrace"}, {103, "syslog"}, {134, "uselib"}, {136, "ustat"}, {139, "sysfs"},
    {153, "vhangup"}, {154, "modify_ldt"}, {155, "pivot_root"}, {156, "_sysctl"}, {163, "acct"}, {165, "mount"}, {166, "umount2"},
    {167, "swapon"}, {168, "swapoff"}, {169, "reboot"}, {172, "iopl"}, {173, "ioperm"}, {174, "create_module"}, {175, "init_module"},
    {176, "delete_module"}, {177, "get_kernel_syms"}, {178, "query_module"}, {179, "quotactl"}, {180, "nfsservctl"}, {181, "getpmsg"},
    {182, "putpmsg"}, {183, "afs_syscall"}, {184, "tuxcall"}, {185, "security"}, {205, "set_thread_area"}, {206, "io_setup"},
    {207, "io_destroy"}, {208, "io_getevents"}, {209, "io_submit"}, {210, "io_cancel"}, {211, "get_thread_area"}, {212, "lookup_dcookie"},
    {214, "epoll_ctl_old"}, {215, "epoll_wait_old"}, {216, "remap_file_pages"}, {219, "restart_syscall"}, {220, "semtimedop"},
    {236, "vserver"}, {237, "mbind"}, {238, "set_mempolicy"}, {239, "get_mempolicy"}, {240, "mq_open"}, {241, "mq_unlink"},
    {242, "mq_timedsend"}, {243, "mq_timedreceive"}, {244, "mq_notify"}, {245, "mq_getsetattr"}, {246, "kexec_load"}, {248, "add_key"},
    {249, "request_key"}, {250, "keyctl"}, {251, "ioprio_set"}, {252, "ioprio_get"},
    {256, "migrate_pages"}, {279, "move_pages"}, {298, "perf_event_open"},
    {300, "fanotify_init"}, {301, "fanotify_mark"}, {304, "open_by_handle_at"}, {308, "setns"},
    {311, "process_vm_writev"}, {312, "kcmp"}, {313, "finit_module"}, {314, "sched_setattr"}, {315, "sched_getattr"}, {317, "seccomp"},
    {320, "kexec_file_load"}, {321, "bpf"}, {323, "userfaultfd"}, {329, "pkey_mprotect"}, {330, "pkey_alloc"}, {331, "pkey_free"},
    {333, "io_pgetevents"}, {425, "io_uring_setup"}, {426, "io_uring_enter"}, {427, "io_uring_register"}, {428, "open_tree"},
    {429, "move_mount"}, {430, "fsopen"}, {431, "fsconfig"}, {432, "fsmount"}, {433, "fspick"}, {440, "process_madvise"},
    {442, "mount_setattr"}, {443, "quotactl_fd"}, {444, "landlock_create_ruleset"}, {445, "landlock_add_rule"},
    {446, "landlock_restrict_self"}, {447, "memfd_secret"}, {448, "process_mrelease"}, {449, "futex_waitv"},
    {450, "set_mempolicy_home_node"},
};

}  // namespace spore::linux::machine
