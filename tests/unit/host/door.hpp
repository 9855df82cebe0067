// A listening socket for what others come with to a running machine, with this test as those others.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host/common/files.hpp"

namespace spore::host {

class TestDoor {
public:
    TestDoor() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_un any{.sun_family = AF_UNIX, .sun_path = {}};
        EXPECT_EQ(::bind(listener_.number(), reinterpret_cast<sockaddr*>(&any), sizeof(sa_family_t)), 0);  // a name of the kernel's choice
        EXPECT_EQ(::listen(listener_.number(), 8), 0);
    }
    int listener() const { return listener_.number(); }
    FileDescriptor knock(std::string_view words = {}) const {
        sockaddr_un address{};
        socklen_t size = sizeof address;
        ::getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&address), &size);
        FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(connection.number(), reinterpret_cast<sockaddr*>(&address), size), 0);
        write_all(connection.number(), std::as_bytes(std::span(words)));
        return connection;
    }

private:
    FileDescriptor listener_;
};

}  // namespace spore::host
