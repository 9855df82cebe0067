#include "host/run/freezer.hpp"

#include <sys/socket.h>

#include "abi/channel.hpp"
#include "host/common/descriptor_passing.hpp"

namespace spore::host {

void Freezer::add_waits(std::vector<struct pollfd>& waits) const {
    if (stage_ == Stage::idle) waits.push_back({listener_, POLLIN, 0});
    else waits.push_back({stage_ == Stage::connected ? connection_.number() : -1, POLLIN, 0});
}

void Freezer::serve(std::span<const struct pollfd> waits) {
    if (!waits[0].revents) return;
    if (stage_ == Stage::connected) return read();
    connection_ = FileDescriptor(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection_) stage_ = Stage::connected;
}

void Freezer::read() {
    auto folder = receive_descriptor(connection_.number());
    if (!folder) return;
    folder_ = std::move(*folder);
    if (folder_) stage_ = Stage::wanted;
    else answer("there is no folder to save to");
}

void Freezer::answer(std::string_view text) {
    auto line = std::string(text) + "\n";
    (void)::send(connection_.number(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    connection_.close(), folder_.close();
    stage_ = Stage::idle;
}

bool Freezer::begin() {
    if (auto done = saving_.before(folder_); !done) {
        answer(done.error().message);
        return false;
    }
    stage_ = Stage::asked;
    return true;
}

Freezer::Guest Freezer::take_frozen(ByteSpan payload) {
    auto* frozen = view_at<abi::FrozenPayload>(payload, 0);
    auto state = frozen ? static_cast<abi::FreezeState>(frozen->state) : abi::FreezeState::no_memory;
    if (state != abi::FreezeState::still) {
        if (stage_ != Stage::asked) return Guest::goes_on;
        answer(state == abi::FreezeState::tailored ? "its kernel was made for its program only: run it with --keep snapshot"
                                                   : "its kernel has too little memory: give the machine more with -m");
        return Guest::goes_on;
    }
    if (stage_ != Stage::asked) return Guest::stands_still;  // by itself
    auto saved = saving_.still(folder_);
    answer(saved ? "ok" : saved.error().message);
    return Guest::stands_still;
}

}  // namespace spore::host
