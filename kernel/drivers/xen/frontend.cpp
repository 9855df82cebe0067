#include "kernel/drivers/xen/frontend.hpp"

#include "base/format.hpp"
#include "wire/xen/hypervisor.hpp"
#include "kernel/sync/sleep.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;

namespace {

constexpr Duration patience = Duration::seconds(20), look_interval = Duration::ms(1);

using Path = char[128];
std::string_view join(Path& path, std::string_view folder, std::string_view name) { return format_to(path, "{}/{}", folder, name); }

}  // namespace

Result<Frontend> Frontend::open(Store& store, std::string_view path) {
    Frontend end(store);
    if (path.size() > longest) return fail(Error::name_too_long);
    end.path_size_ = static_cast<u8>(path.copy(end.path_, longest));
    end.other_size_ = static_cast<u8>(TRY(end.own("backend", end.other_)).size());
    u64 domain = TRY(end.own_number("backend-id"));
    if (domain >= own_domain) return fail(Error::invalid);
    end.domain_ = static_cast<u16>(domain);
    return end;
}

Result<std::string_view> Frontend::own(std::string_view name, std::span<char> into) const {
    Path path;
    return store_->read(join(path, this->path(), name), into);
}

Result<u64> Frontend::own_number(std::string_view name) const {
    Path path;
    return store_->read_number(join(path, this->path(), name));
}

Result<u64> Frontend::other_number(std::string_view name) const {
    Path path;
    return store_->read_number(join(path, {other_, other_size_}, name));
}

Result<void> Frontend::tell(std::string_view name, std::string_view value) const {
    Path path;
    return store_->write(join(path, this->path(), name), value);
}

Result<void> Frontend::tell(std::string_view name, u64 number) const {
    char text[24];
    return tell(name, format_to(text, "{}", number));
}

Result<void> Frontend::await(DeviceState state) const {
    auto give_up = time::now() + patience;
    while (true) {
        auto now = static_cast<DeviceState>(TRY(other_number("state")));
        if (now == state) return {};
        if (now >= DeviceState::closing) return fail(Error::no_device);
        if (time::now() >= give_up) return fail(Error::timed_out);
        sync::sleep(look_interval);
    }
}

}  // namespace spore::drivers::xen
