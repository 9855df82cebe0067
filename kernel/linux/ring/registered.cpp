#include "kernel/linux/ring/registered.hpp"

#include <algorithm>

#include "kernel/memory/shortage.hpp"

namespace spore::linux::ring {

Registered::~Registered() {
    while (auto* group = groups_.first()) erase(*group);
}

Result<Shared<fs::File>> Registered::file(u32 index) const {
    if (index >= files.size() || !files[index]) return fail(Error::bad_descriptor);
    return files[index];
}

Result<Shared<fs::File>> Registered::put_file(u32 index, Shared<fs::File> file) {
    if (!files.size()) return fail(Error::no_such_device_address);
    if (index >= files.size()) return fail(Error::invalid);
    std::swap(files[index], file);
    return file;
}

Result<u32> Registered::add_file(Shared<fs::File> file) {
    auto free = std::ranges::find_if(files, [](auto& one) { return !one; });
    if (free == files.end()) return fail(Error::system_file_limit);
    *free = std::move(file);
    return static_cast<u32>(free - files.begin());
}

Result<void> Registered::check_buffer(u32 index, VirtAddr at, u64 size) const {
    if (index >= buffers.size() || !buffers[index].base) return fail(Error::bad_address);
    auto& buffer = buffers[index];
    if (at.value < buffer.base || at.value - buffer.base > buffer.size || size > buffer.size - (at.value - buffer.base)) return fail(Error::bad_address);
    return {};
}

Registered::Group* Registered::find(u16 id) {
    auto found = std::ranges::find_if(groups_, [&](Group& group) { return group.id == id; });
    return found == groups_.end() ? nullptr : &*found;
}

void Registered::erase(Group& group) {
    while (auto* provided = group.provided.pop_front()) delete provided;
    groups_.remove(group);
    --group_count_;
    delete &group;
}

Result<ProvidedBuffer> Registered::next_buffer(u16 id) {
    auto* group = find(id);
    if (!group) return fail(Error::no_buffers);
    if (!group->ring.value) {
        if (!group->provided.first()) return fail(Error::no_buffers);
        return group->provided.first()->buffer;
    }
    u16 tail = TRY(UserIn<u16>{group->ring + offsetof(ProvidedBuffer, reserved)}.read());
    if (tail == group->head) return fail(Error::no_buffers);
    return UserIn<ProvidedBuffer>{group->ring}.read(group->head & (group->entries - 1));
}

void Registered::take_buffer(u16 id) {
    auto* group = find(id);
    if (!group) return;
    if (group->ring.value) ++group->head;
    else if (auto* first = group->provided.pop_front()) --group->count, delete first;
}

Result<void> Registered::provide(u16 id, VirtAddr at, u32 size, u32 count, u16 first) {
    constexpr u32 most = 65'536, most_groups = 4096;
    if (count == 0 || count > most || size == 0) return fail(Error::invalid);
    if (u32{first} + count > most) return fail(Error::argument_list_too_long);
    u64 all = u64{size} * count;
    if (!is_program_range(at, all)) return fail(Error::bad_address);
    auto* group = find(id);
    if (!group) {
        if (group_count_ == most_groups) return fail(Error::no_memory);
        group = TRY(make_owned<Group>()).release();
        group->id = id;
        groups_.push_back(*group);
        ++group_count_;
    }
    if (group->ring.value) return fail(Error::invalid);
    if (memory::is_short(u64{count} * sizeof(Provided))) return fail(Error::no_memory);
    for (u32 i = 0; i < count; ++i) {
        if (group->count == most) return fail(Error::no_memory);
        auto made = make_owned<Provided>();
        if (!made) {
            if (i) return {};
            return fail(made.error());
        }
        (*made)->buffer = {.address = at.value + u64{size} * i, .size = size, .id = static_cast<u16>(first + i), .reserved = 0};
        group->provided.push_back(*made->release());
        ++group->count;
    }
    return {};
}

Result<u64> Registered::remove(u16 id, u32 count) {
    if (count == 0 || count > 65'536) return fail(Error::invalid);
    auto* group = find(id);
    if (!group) return fail(Error::not_found);
    if (group->ring.value) return fail(Error::invalid);
    u64 removed = 0;
    for (; removed < count && group->provided.first(); ++removed) take_buffer(id);
    return removed;
}

Result<void> Registered::check_buffer_ring(const BufferRing& ring) {
    if (ring.reserved[0] || ring.reserved[1] || ring.reserved[2] || ring.flags) return fail(Error::invalid);
    if (!ring.address) return fail(Error::bad_address);
    if (ring.address % page_size || !ring.entries || (ring.entries & (ring.entries - 1)) || ring.entries >= 65'536) return fail(Error::invalid);
    if (auto* before = find(ring.group); before && (before->ring.value || before->count)) return fail(Error::exists);
    return {};
}

Result<void> Registered::add_buffer_ring(const BufferRing& ring) {
    if (auto* before = find(ring.group)) erase(*before);
    auto* group = TRY(make_owned<Group>()).release();
    group->id = ring.group, group->ring = {ring.address}, group->entries = ring.entries;
    groups_.push_back(*group);
    ++group_count_;
    return {};
}

Result<void> Registered::remove_buffer_ring(u16 id) {
    auto* group = find(id);
    if (!group) return fail(Error::not_found);
    if (!group->ring.value) return fail(Error::invalid);
    erase(*group);
    return {};
}

}  // namespace spore::linux::ring
