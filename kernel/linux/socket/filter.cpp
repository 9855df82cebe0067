// SO_ATTACH_FILTER and its like: a program of the user's between the network and the socket [socket(7)].
#include "arch/user_memory.hpp"
#include "kernel/linux/socket/socket.hpp"

namespace spore::linux {

namespace {

class ProgramSource final : public net::ByteSource {
public:
    explicit ProgramSource(u64 from) : from_(from) {}
    Result<void> take(MutableByteSpan into) override {
        TRY(arch::copy_from_program(into.data(), VirtAddr{from_}, into.size()));
        from_ += into.size();
        return {};
    }

private:
    u64 from_;
};

}  // namespace

Result<void> Socket::set_filter(i32 name, ByteSpan value) {
    constexpr u64 lock = u64{1} << so_lock_filter;
    if (name == so_attach_filter || name == so_attach_chooser) {
        if (value.size() != sizeof(FilterProgram)) return fail(Error::invalid);
        auto program = TRY(value_as<FilterProgram>(value));
        if (is_on(so_lock_filter)) return fail(Error::not_permitted);
        ProgramSource source(program.instructions);
        Shared<const net::Filter> filter = TRY(net::Filter::create(source, program.count));
        if (name == so_attach_chooser) return set_chooser(std::move(filter));
        TRY(change_options([&](Options& all) { std::swap(all.filter, filter); }));  // the old one goes without the lock
        return {};
    }
    i32 number = TRY(value_as<i32>(value));
    if (name == so_detach_chooser) return set_chooser(nullptr);
    if (name == so_lock_filter) {
        if (!number && is_on(so_lock_filter)) return fail(Error::not_permitted);
        if (number) switches_.fetch_or(lock, std::memory_order_relaxed);
        return {};
    }
    if (is_on(so_lock_filter)) return fail(Error::not_permitted);
    Shared<const net::Filter> former;
    TRY(change_options([&](Options& all) { std::swap(all.filter, former); }));
    if (!former) return fail(Error::not_found);
    return {};
}

Result<u64> Socket::get_filter(VirtAddr into, u32 most) const {
    auto filter = options().filter;
    if (!filter) return 0;
    auto program = filter->program();
    if (most == 0) return program.size();
    if (most < program.size()) return fail(Error::invalid);
    TRY(arch::copy_to_program(into, program.data(), program.size_bytes()));
    return program.size();
}

}  // namespace spore::linux
