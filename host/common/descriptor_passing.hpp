// Descriptors that travel over Unix sockets, beside bytes [unix(7), SCM_RIGHTS].
#pragma once

#include <optional>

#include "host/common/files.hpp"

namespace spore::host {

/// All of the text, with the descriptor beside it unless that is -1; false, with errno, where it was not sent.
bool send_with_descriptor(int socket, std::string_view text, int descriptor);
/// Takes a byte and the descriptor beside it, which is none where there is none or the other side is gone. Nothing while nothing came on a socket that
/// does not wait.
std::optional<FileDescriptor> receive_descriptor(int socket);

}  // namespace spore::host
