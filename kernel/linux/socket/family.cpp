#include "kernel/linux/socket/family.hpp"

#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/linux/socket/unix/unix_socket.hpp"

namespace spore::linux {

namespace {
constexpr u16 family_limit = 46;  // AF_MAX
constinit std::atomic<const SocketFamily*> families[family_limit] = {};
constexpr SocketFamily unix_family{family_unix, &UnixSocket::create, &UnixSocket::create_pair};

/// Said once, of a kernel that was tailored to a program that seemed to ask for no network.
void explain_absence() {
    static constinit std::atomic<bool> said = false;
    if (!said.exchange(true, std::memory_order_relaxed)) core::error("this kernel was tailored without the network, and the program asks for a socket: keep it with --keep network");
}
}  // namespace

void register_family(const SocketFamily& family) { families[family.number].store(&family, std::memory_order_release); }

Result<const SocketFamily*> find_family(i32 number) {
    if (number == family_unix) return &unix_family;
    if (number < 0 || number >= family_limit) return fail(Error::family_not_supported);
    auto* family = families[number].load(std::memory_order_acquire);
    if (!family && !core::has(core::Part::network)) explain_absence();
    if (!family) return fail(Error::family_not_supported);
    return family;
}

}  // namespace spore::linux
