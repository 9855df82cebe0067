// What can go wrong, and how it is passed up. Errors are values; Linux's numbers for them exist only in kernel/linux.
#pragma once

#include <expected>
#include <utility>

#include "base/concat.hpp"
#include "base/types.hpp"

namespace spore {

/// Every reason for failure that the kernel and the host tools share. Named after what happened, not after who asked.
enum class Error : u8 {
    no_memory,          ///< an allocation failed, or a limit on memory was reached
    not_found,          ///< no such file, object or entry
    no_process,         ///< no such process or thread
    exists,             ///< it is there already
    invalid,            ///< an argument outside of what the operation takes
    bad_address,        ///< memory that the caller may not use, or that is not there
    bad_descriptor,     ///< not an open file, or not open for this
    not_directory,
    is_directory,
    not_empty,
    not_executable,     ///< a program file that cannot be run
    would_block,        ///< nothing now; try again later
    interrupted,        ///< a signal came first
    restart,            ///< a signal came first, and the call may be made again unchanged
    timed_out,
    not_permitted,      ///< the caller may not do this
    access_denied,      ///< the object's mode forbids this
    busy,
    io,                 ///< the device failed, or what it holds is damaged
    corrupt,            ///< a format's own rules are broken
    truncated,          ///< a format ends before it should
    no_space,
    read_only,
    too_big,            ///< larger than a limit or than a type can hold (file, message)
    argument_list_too_long,
    name_too_long,
    too_many_links,
    symlink_loop,
    too_many_files,     ///< this process has as many descriptors as it may
    system_file_limit,
    cross_device,
    no_device,
    no_such_device_address,
    not_a_terminal,
    illegal_seek,
    broken_pipe,
    out_of_range,       ///< a result does not fit
    out_of_domain,      ///< a number that an operation has no meaning for
    overflow,
    would_deadlock,
    no_child,
    not_supported,      ///< a known operation that this object does not have
    not_implemented,    ///< an operation that nothing here has
    no_data,            ///< an attribute or entry that is absent
    text_busy,
    no_message,         ///< none of the kind that was asked for
    identifier_removed, ///< the object went while somebody waited for it
    no_lock,
    owner_died,
    not_recoverable,
    canceled,
    // Sockets
    not_socket,
    destination_required,
    message_too_long,
    wrong_protocol_type,
    no_protocol_option,
    protocol_not_supported,
    socket_type_not_supported,
    family_not_supported,
    address_in_use,
    address_not_available,
    network_down,
    network_unreachable,
    host_unreachable,
    connection_aborted,
    connection_reset,
    connection_refused,
    no_buffers,
    too_many_references,  ///< more files are on their way between sockets than a user may have there
    already_connected,
    not_connected,
    already_in_progress,
    in_progress,
    shut_down,
    protocol,
};

template <typename T = void>
using Result = std::expected<T, Error>;

/// `return fail(Error::x);` from any function that returns a Result.
[[nodiscard]] constexpr std::unexpected<Error> fail(Error error) { return std::unexpected(error); }

}  // namespace spore

/// Evaluates to the value of a Result, or returns its error from the function around it. Each use has a variable of its own, so that
/// they nest.
#define TRY(expression) SPORE_TRY_(SPORE_CONCAT(try_result_, __COUNTER__), expression)
#define SPORE_TRY_(result, expression)                                        \
    ({                                                                        \
        auto&& result = (expression);                                         \
        if (!result.has_value()) [[unlikely]]                                 \
            return ::std::unexpected(::std::move(result).error());            \
        ::spore::detail::unwrap(::std::move(result));                         \
    })

namespace spore::detail {
template <typename T, typename E>
constexpr T unwrap(std::expected<T, E>&& result) { return *std::move(result); }
template <typename E>
constexpr void unwrap(std::expected<void, E>&&) {}
}  // namespace spore::detail
