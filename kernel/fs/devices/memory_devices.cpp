// /dev/null, zero, full, random and urandom [Linux, Documentation/admin-guide/devices.txt, major 1].
#include "kernel/fs/devices/devices.hpp"

#include <algorithm>

#include "arch/user_memory.hpp"
#include "base/format.hpp"
#include "kernel/core/random.hpp"
#include "kernel/fs/open.hpp"
#include "kernel/fs/special_file.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::fs {
namespace {

class MemoryDevice : public File {
public:
    MemoryDevice(Dentry& entry, OpenMode mode) : File(mode), entry_(entry) {}
    Result<u64> read(IoBuffer& into) override { return mode_.read ? get(into) : fail(Error::bad_descriptor); }
    Result<u64> write(IoBuffer& from) override { return mode_.write ? put(from) : fail(Error::bad_descriptor); }
    Result<u64> read_at(IoBuffer& into, u64) override { return read(into); }
    Result<u64> write_at(IoBuffer& from, u64) override { return write(from); }
    Result<u64> seek(i64, Whence) override { return 0; }
    std::string_view describe(std::span<char> buffer) override { return describe_entry(*entry_, buffer); }
    Inode* inode() override { return entry_->inode(); }
    Dentry* dentry() override { return entry_.get(); }

protected:
    virtual Result<u64> get(IoBuffer& into) = 0;
    virtual Result<u64> put(IoBuffer& from) {
        u64 size = from.remaining();
        from.skip(size);
        return size;
    }

private:
    Shared<Dentry> entry_;
};

class NullFile final : public MemoryDevice {
    using MemoryDevice::MemoryDevice;
    Result<u64> get(IoBuffer&) override { return 0; }
};

/// What a mapping of /dev/zero shows: fresh memory.
class ZeroObject final : public memory::MappedObject, private memory::PageSource {
public:
    ZeroObject() : pages_(*this, memory::PageCache::Keep::always) {}
    memory::PageCache& pages() override { return pages_; }
    u64 size() const override { return ~u64{0} >> 1; }
    void describe(std::span<char>& path, u64& inode, u64& device) const override {
        path = path.first(format_to(path, "/dev/zero").size());
        inode = device = 0;
    }

private:
    Result<memory::FrameRef> load_page(u64) override { return memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames())); }
    memory::PageCache pages_;
};

class ZeroFile : public MemoryDevice {
    using MemoryDevice::MemoryDevice;
    Result<u64> get(IoBuffer& into) override {
        u64 size = into.remaining();
        TRY(into.put_zeros(size));
        return size;
    }
    Result<Shared<memory::MappedObject>> map(MapWrites) override { return TRY(make_shared<ZeroObject>()); }
};

class FullFile final : public ZeroFile {
    using ZeroFile::ZeroFile;
    Result<u64> put(IoBuffer&) override { return fail(Error::no_space); }
    Result<Shared<memory::MappedObject>> map(MapWrites) override { return fail(Error::no_device); }
};

class RandomFile final : public MemoryDevice {
    using MemoryDevice::MemoryDevice;
    Result<u64> get(IoBuffer& into) override {
        u64 done = 0;
        std::byte bytes[256];
        while (into.remaining() != 0) {
            auto part = std::span(bytes).first(std::min<u64>(sizeof bytes, into.remaining()));
            core::fill_random(part);
            if (auto copied = into.put(part); !copied) return done ? Result<u64>(done) : fail(copied.error());
            done += part.size();
        }
        return done;
    }
    /// The pool counts as full from the start [random(4)]. There are no requests that change it: what they would bring can be written to the file.
    Result<u64> ioctl(u32 request, u64 argument) override {
        constexpr u32 get_entropy_count = 0x8004'5200;  // RNDGETENTCNT [linux/random.h]
        constexpr i32 full_pool = 256;
        if (request != get_entropy_count) return fail(Error::invalid);
        TRY(arch::copy_to_program(VirtAddr{argument}, &full_pool, sizeof full_pool));
        return 0;
    }
    Result<u64> put(IoBuffer& from) override {
        u64 done = 0;
        std::byte bytes[256];
        while (from.remaining() != 0) {
            auto part = std::span(bytes).first(std::min<u64>(sizeof bytes, from.remaining()));
            TRY(from.take(part));
            core::add_entropy(part);
            done += part.size();
        }
        return done;
    }
};

template <typename Device>
Result<Shared<File>> open_device(Dentry& entry, OpenMode mode) { return TRY(make_shared<Device>(entry, mode)); }

}  // namespace

Result<void> register_memory_devices() {
    constexpr u32 memory_major = 1;
    auto add = [](u32 minor, OpenSpecial open) { return register_special(FileType::character, device_number(memory_major, minor), open); };
    TRY(add(3, open_device<NullFile>));
    TRY(add(5, open_device<ZeroFile>));
    TRY(add(7, open_device<FullFile>));
    TRY(add(8, open_device<RandomFile>));
    return add(9, open_device<RandomFile>);
}

}  // namespace spore::fs
