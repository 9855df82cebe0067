// Our end of one device: its place in the store, and how it and the other end, in another domain, come together [xen docs/misc/xenstore-paths,
// xen/include/public/io/xenbus.h].
#pragma once

#include "kernel/drivers/xen/store.hpp"

namespace spore::drivers::xen {

class Frontend {
public:
    /// The device at `path`, such as "device/vif/0". not_found where it has no other end.
    static Result<Frontend> open(Store& store, std::string_view path);

    /// Where the other end lives.
    u16 domain() const { return domain_; }
    std::string_view path() const { return {path_, path_size_}; }

    /// What the toolstack has set at this end, and what the other has told.
    Result<std::string_view> own(std::string_view name, std::span<char> into) const;
    Result<u64> own_number(std::string_view name) const;
    Result<u64> other_number(std::string_view name) const;
    /// Whether the other end can do this.
    bool offers(std::string_view feature) const { return other_number(feature).value_or(0) == 1; }

    Result<void> tell(std::string_view name, std::string_view value) const;
    Result<void> tell(std::string_view name, u64 number) const;
    Result<void> enter(wire::xen::DeviceState state) const { return tell("state", static_cast<u64>(state)); }
    /// Waits until the other end has come as far; no_device when it goes away, timed_out.
    Result<void> await(wire::xen::DeviceState state) const;

private:
    static constexpr std::size_t longest = 64;
    explicit Frontend(Store& store) : store_(&store) {}

    Store* store_;
    char path_[longest], other_[longest];
    u8 path_size_ = 0, other_size_ = 0;
    u16 domain_ = 0;
};

}  // namespace spore::drivers::xen
