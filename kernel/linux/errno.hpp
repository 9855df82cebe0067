// Linux's error numbers, and the one place where the kernel's own errors become them. They are the same on every machine
// that Spore has ([linux] asm-generic/errno.h).
#pragma once

#include "base/result.hpp"

namespace spore::linux {

enum class Errno : i32 {
    eperm = 1, enoent = 2, esrch = 3, eintr = 4, eio = 5, enxio = 6, e2big = 7, enoexec = 8, ebadf = 9, echild = 10, eagain = 11,
    enomem = 12, eacces = 13, efault = 14, ebusy = 16, eexist = 17, exdev = 18, enodev = 19, enotdir = 20, eisdir = 21,
    einval = 22, enfile = 23, emfile = 24, enotty = 25, etxtbsy = 26, efbig = 27, enospc = 28, espipe = 29, erofs = 30,
    emlink = 31, epipe = 32, edom = 33, erange = 34, edeadlk = 35, enametoolong = 36, enolck = 37, enosys = 38,
    enotempty = 39, eloop = 40, enomsg = 42, eidrm = 43, enodata = 61, etime = 62, eproto = 71, ebadmsg = 74, eoverflow = 75, ebadfd = 77, enotsock = 88, edestaddrreq = 89,
    emsgsize = 90, eprototype = 91, enoprotoopt = 92, eprotonosupport = 93, esocktnosupport = 94, eopnotsupp = 95,
    eafnosupport = 97, eaddrinuse = 98, eaddrnotavail = 99, enetdown = 100, enetunreach = 101, econnaborted = 103,
    econnreset = 104, enobufs = 105, eisconn = 106, enotconn = 107, eshutdown = 108, etoomanyrefs = 109, etimedout = 110, econnrefused = 111,
    ehostunreach = 113, ealready = 114, einprogress = 115, ecanceled = 125, eownerdead = 130, enotrecoverable = 131,
};

/// What a program sees for an error. `interrupted` and `restart` reach a program only as EINTR: signal delivery has dealt with
/// the rest (signal/restart.hpp).
constexpr Errno errno_of(Error error) {
    switch (error) {
    case Error::no_memory: return Errno::enomem;
    case Error::not_found: return Errno::enoent;
    case Error::no_process: return Errno::esrch;
    case Error::exists: return Errno::eexist;
    case Error::invalid: return Errno::einval;
    case Error::bad_address: return Errno::efault;
    case Error::bad_descriptor: return Errno::ebadf;
    case Error::not_directory: return Errno::enotdir;
    case Error::is_directory: return Errno::eisdir;
    case Error::not_empty: return Errno::enotempty;
    case Error::not_executable: return Errno::enoexec;
    case Error::would_block: return Errno::eagain;
    case Error::interrupted:
    case Error::restart: return Errno::eintr;
    case Error::timed_out: return Errno::etimedout;
    case Error::not_permitted: return Errno::eperm;
    case Error::access_denied: return Errno::eacces;
    case Error::busy: return Errno::ebusy;
    case Error::io:
    case Error::corrupt:
    case Error::truncated: return Errno::eio;
    case Error::no_space: return Errno::enospc;
    case Error::read_only: return Errno::erofs;
    case Error::too_big: return Errno::efbig;
    case Error::argument_list_too_long: return Errno::e2big;
    case Error::name_too_long: return Errno::enametoolong;
    case Error::too_many_links: return Errno::emlink;
    case Error::symlink_loop: return Errno::eloop;
    case Error::too_many_files: return Errno::emfile;
    case Error::system_file_limit: return Errno::enfile;
    case Error::cross_device: return Errno::exdev;
    case Error::no_device: return Errno::enodev;
    case Error::no_such_device_address: return Errno::enxio;
    case Error::not_a_terminal: return Errno::enotty;
    case Error::illegal_seek: return Errno::espipe;
    case Error::broken_pipe: return Errno::epipe;
    case Error::out_of_range: return Errno::erange;
    case Error::out_of_domain: return Errno::edom;
    case Error::overflow: return Errno::eoverflow;
    case Error::would_deadlock: return Errno::edeadlk;
    case Error::no_child: return Errno::echild;
    case Error::not_supported: return Errno::eopnotsupp;
    case Error::not_implemented: return Errno::enosys;
    case Error::no_data: return Errno::enodata;
    case Error::no_message: return Errno::enomsg;
    case Error::identifier_removed: return Errno::eidrm;
    case Error::text_busy: return Errno::etxtbsy;
    case Error::no_lock: return Errno::enolck;
    case Error::owner_died: return Errno::eownerdead;
    case Error::not_recoverable: return Errno::enotrecoverable;
    case Error::canceled: return Errno::ecanceled;
    case Error::not_socket: return Errno::enotsock;
    case Error::destination_required: return Errno::edestaddrreq;
    case Error::message_too_long: return Errno::emsgsize;
    case Error::wrong_protocol_type: return Errno::eprototype;
    case Error::no_protocol_option: return Errno::enoprotoopt;
    case Error::protocol_not_supported: return Errno::eprotonosupport;
    case Error::socket_type_not_supported: return Errno::esocktnosupport;
    case Error::family_not_supported: return Errno::eafnosupport;
    case Error::address_in_use: return Errno::eaddrinuse;
    case Error::address_not_available: return Errno::eaddrnotavail;
    case Error::network_down: return Errno::enetdown;
    case Error::network_unreachable: return Errno::enetunreach;
    case Error::host_unreachable: return Errno::ehostunreach;
    case Error::connection_aborted: return Errno::econnaborted;
    case Error::connection_reset: return Errno::econnreset;
    case Error::connection_refused: return Errno::econnrefused;
    case Error::no_buffers: return Errno::enobufs;
    case Error::too_many_references: return Errno::etoomanyrefs;
    case Error::already_connected: return Errno::eisconn;
    case Error::not_connected: return Errno::enotconn;
    case Error::already_in_progress: return Errno::ealready;
    case Error::in_progress: return Errno::einprogress;
    case Error::shut_down: return Errno::eshutdown;
    case Error::protocol: return Errno::eproto;
    }
    return Errno::eio;
}

/// The number that a failed call returns: negative.
constexpr i64 failure(Errno number) { return -static_cast<i64>(number); }

/// Results that never reach a program: signal delivery turns them into EINTR, or makes the call again.
enum class Again : i64 {
    if_handler_restarts = -512,  ///< once more, unless a handler without SA_RESTART ran
    always = -513,               ///< once more
    if_no_handler = -514,        ///< once more, unless a handler ran
};

}  // namespace spore::linux
