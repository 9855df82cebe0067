#include "host/common/descriptor_passing.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace spore::host {

bool send_with_descriptor(int socket, std::string_view text, int descriptor) {
    struct iovec piece{const_cast<char*>(text.data()), text.size()};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    struct msghdr message{};
    message.msg_iov = &piece, message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control, message.msg_controllen = sizeof control;
        auto* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::optional<FileDescriptor> receive_descriptor(int socket) {
    char byte;
    struct iovec piece{&byte, 1};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message{};
    message.msg_iov = &piece, message.msg_iovlen = 1, message.msg_control = control, message.msg_controllen = sizeof control;
    auto size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    auto* header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return FileDescriptor();
    int number;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    return FileDescriptor(number);
}

}  // namespace spore::host
