// Moments in the kernel that `spore trace` can record, each declared here once; the kernel says where they happen (kernel/core/trace.hpp).
//
//   TRACE_POINT(wake, "thread processor", "a thread may run again")        name, its numbers' names, and what it is to a user
//
// Their order is the channel's: new ones come at the end. A name's first word, up to its first "_", chooses it in --points.
TRACE_POINT(thread_begin, "process name", "a thread begins, of a program or of the kernel")
TRACE_POINT(thread_exec, "process name", "a process becomes another program")
TRACE_POINT(thread_name, "process name", "a thread gets another name")
TRACE_POINT(thread_end, "", "a thread ends")
TRACE_POINT(switch_thread, "to state", "a processor goes from one thread to another")
TRACE_POINT(wake, "thread", "a thread that slept may run again")
TRACE_POINT(call_begin, "call argument", "a system call begins")
TRACE_POINT(call_end, "call result", "a system call ends")
TRACE_POINT(fault, "address access", "a page of the program is filled in as it is touched, or copied as it is written to")
TRACE_POINT(interrupt, "number", "a device, a timer or another processor interrupts: a vector on x86, an interrupt's number on arm64, the kinds of news on linuxu")
TRACE_POINT(packets_received, "interface packets", "packets come in from a network device")
TRACE_POINT(packets_sent, "interface packets", "packets go out to a network device")
TRACE_POINT(disk, "work sectors nanoseconds", "a disk has done what was asked of it")
TRACE_POINT(timer, "late", "a timer has expired")
TRACE_POINT(idle_begin, "", "a processor without work goes to sleep")
TRACE_POINT(idle_end, "", "it wakes up")
