#include "kernel/linux/exec/stack.hpp"

namespace spore::linux {

namespace {

/// Fills the image from its lowest word upwards.
class Words {
public:
    explicit Words(std::byte* at) : at_(at) {}
    void put(u64 word) {
        std::memcpy(at_, &word, sizeof word);
        at_ += sizeof word;
    }
    void put(Auxiliary type, u64 value) {
        put(static_cast<u64>(type));
        put(value);
    }
    std::byte* at() const { return at_; }

private:
    std::byte* at_;
};

void put_pointers(Words& words, const StringBlock& strings, VirtAddr first) {
    auto text = strings.bytes();
    std::size_t offset = 0;
    for (u32 i = 0; i < strings.count(); ++i) {
        words.put(first.value + offset);
        offset = text.find('\0', offset) + 1;
    }
    words.put(0);
}

}  // namespace

Result<StackImage> build_stack(const StackRequest& request, std::size_t limit) {
    // From the top down: a null word, the program's name, environment, arguments, platform, random bytes; then, aligned, the words.
    u64 name = request.top.value - 8 - (request.program_name.size() + 1);
    u64 environment = name - request.environment.size();
    u64 arguments = environment - request.arguments.size();
    u64 platform = arguments - (request.platform.size() + 1);
    u64 random = align_down(platform - request.random.size(), 16);
    constexpr std::size_t own_entries = 4;  // random, program_name, platform, end
    u64 words = 1 + (request.arguments.count() + 1) + (request.environment.count() + 1) + 2 * (request.auxiliary.size() + own_entries);
    u64 pointer = align_down(random - words * sizeof(u64), 16);
    u64 size = request.top.value - pointer;
    if (size > limit) return fail(Error::argument_list_too_long);

    StackImage image;
    image.bytes = TRY(HeapArray<std::byte>::create(size));
    image.pointer = {pointer};
    image.arguments = {arguments};
    image.arguments_end = image.environment = {environment};
    image.environment_end = {name};
    auto place = [&](u64 address, const void* from, std::size_t length) { std::memcpy(image.bytes.data() + (address - pointer), from, length); };
    place(name, request.program_name.data(), request.program_name.size());
    place(environment, request.environment.bytes().data(), request.environment.size());
    place(arguments, request.arguments.bytes().data(), request.arguments.size());
    place(platform, request.platform.data(), request.platform.size());
    place(random, request.random.data(), request.random.size());

    Words out(image.bytes.data());
    out.put(request.arguments.count());
    put_pointers(out, request.arguments, {arguments});
    put_pointers(out, request.environment, {environment});
    image.auxiliary = image.pointer + static_cast<u64>(out.at() - image.bytes.data());
    for (auto& entry : request.auxiliary) out.put(entry.type, entry.value);
    out.put(Auxiliary::random, random);
    out.put(Auxiliary::program_name, name);
    out.put(Auxiliary::platform, platform);
    out.put(Auxiliary::end, 0);
    image.auxiliary_end = image.pointer + static_cast<u64>(out.at() - image.bytes.data());
    return image;
}

}  // namespace spore::linux
