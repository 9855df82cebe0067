#include "kernel/linux/system.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux {
namespace {

struct Name {
    char text[name_limit] = {};
    std::size_t size = 0;
    void set(std::string_view name) { size = name.copy(text, sizeof text); }
};
constinit Locked<Name, sync::Spin> host, domain;

std::string_view read(Locked<Name, sync::Spin>& name, std::span<char> buffer) {
    return name.with([&](Name& n) {
        auto size = std::min(n.size, buffer.size());
        std::copy_n(n.text, size, buffer.data());
        return std::string_view(buffer.data(), size);
    });
}

}  // namespace

void set_host_name(std::string_view name) { host.with([&](Name& n) { n.set(name); }); }
void set_domain_name(std::string_view name) { domain.with([&](Name& n) { n.set(name); }); }
std::string_view host_name(std::span<char> buffer) { return read(host, buffer); }
std::string_view domain_name(std::span<char> buffer) {
    auto name = read(domain, buffer);
    return name.empty() ? std::string_view("(none)") : name;
}

}  // namespace spore::linux
