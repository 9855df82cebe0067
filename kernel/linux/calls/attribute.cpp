// Extended attributes, by path or by descriptor.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/caller.hpp"

namespace spore::linux::calls {

namespace {

constexpr std::size_t name_limit = 256, value_limit = 65536;

Result<Shared<fs::Dentry>> named(Task& task, const Caller& caller, UserPath path, fs::Follow follow) {
    return caller.resolve(task, {DirectoryDescriptor::current}, TRY(path.read()), follow);
}
Result<Shared<fs::Dentry>> opened(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    if (!file->dentry()) return fail(Error::not_supported);
    return Shared<fs::Dentry>(*file->dentry());
}

Result<SmallText> name_of(UserString name) {
    auto text = name.read(name_limit);
    if (!text) return fail(text.error() == Error::name_too_long ? Error::out_of_range : text.error());
    if (text->empty()) return fail(Error::out_of_range);
    return text;
}

Result<u64> set(const Caller& caller, fs::Dentry& entry, UserString name, UserBytes value, u64 size, u32 flags) {
    if (flags > 2) return fail(Error::invalid);
    if (size > value_limit) return fail(Error::argument_list_too_long);
    auto key = TRY(name_of(name));
    auto bytes = TRY(HeapArray<std::byte>::create(size ? size : 1));
    TRY(arch::copy_from_program(bytes.data(), value, size));
    TRY(fs::set_attribute(caller, entry, key, bytes.span().first(size), static_cast<fs::AttributeMode>(flags)));
    return 0;
}
/// Runs `fill` on a buffer of at most `size` bytes and copies what it wrote; a size of 0 asks for the size only.
template <typename F>
Result<u64> fetch(UserBytes to, u64 size, F&& fill) {
    if (size == 0) return fill(MutableByteSpan{});
    auto bytes = TRY(HeapArray<std::byte>::create(std::min<u64>(size, value_limit)));
    auto length = TRY(fill(MutableByteSpan(bytes.span())));
    TRY(arch::copy_to_program(to, bytes.data(), length));
    return length;
}
Result<u64> get(const Caller& caller, fs::Dentry& entry, UserString name, UserBytes value, u64 size) {
    auto key = TRY(name_of(name));
    return fetch(value, size, [&](MutableByteSpan into) { return fs::get_attribute(caller, entry, key, into); });
}
Result<u64> list(const Caller& caller, fs::Dentry& entry, UserBytes names, u64 size) {
    return fetch(names, size, [&](MutableByteSpan into) { return fs::list_attributes(caller, entry, into); });
}
Result<u64> remove(const Caller& caller, fs::Dentry& entry, UserString name) {
    auto key = TRY(name_of(name));
    TRY(fs::remove_attribute(caller, entry, key));
    return 0;
}

}  // namespace

Result<u64> setxattr(Task& task, UserPath path, UserString name, UserData value, u64 size, Flags flags) {
    Caller caller(task);
    return set(caller, *TRY(named(task, caller, path, fs::Follow::yes)), name, value, size, flags);
}
Result<u64> lsetxattr(Task& task, UserPath path, UserString name, UserData value, u64 size, Flags flags) {
    Caller caller(task);
    return set(caller, *TRY(named(task, caller, path, fs::Follow::no)), name, value, size, flags);
}
Result<u64> fsetxattr(Task& task, Descriptor file, UserString name, UserData value, u64 size, Flags flags) {
    Caller caller(task);
    return set(caller, *TRY(opened(task, file)), name, value, size, flags);
}
Result<u64> getxattr(Task& task, UserPath path, UserString name, UserBuffer value, u64 size) {
    Caller caller(task);
    return get(caller, *TRY(named(task, caller, path, fs::Follow::yes)), name, value, size);
}
Result<u64> lgetxattr(Task& task, UserPath path, UserString name, UserBuffer value, u64 size) {
    Caller caller(task);
    return get(caller, *TRY(named(task, caller, path, fs::Follow::no)), name, value, size);
}
Result<u64> fgetxattr(Task& task, Descriptor file, UserString name, UserBuffer value, u64 size) {
    Caller caller(task);
    return get(caller, *TRY(opened(task, file)), name, value, size);
}
Result<u64> listxattr(Task& task, UserPath path, UserBuffer names, u64 size) {
    Caller caller(task);
    return list(caller, *TRY(named(task, caller, path, fs::Follow::yes)), names, size);
}
Result<u64> llistxattr(Task& task, UserPath path, UserBuffer names, u64 size) {
    Caller caller(task);
    return list(caller, *TRY(named(task, caller, path, fs::Follow::no)), names, size);
}
Result<u64> flistxattr(Task& task, Descriptor file, UserBuffer names, u64 size) {
    Caller caller(task);
    return list(caller, *TRY(opened(task, file)), names, size);
}
Result<u64> removexattr(Task& task, UserPath path, UserString name) {
    Caller caller(task);
    return remove(caller, *TRY(named(task, caller, path, fs::Follow::yes)), name);
}
Result<u64> lremovexattr(Task& task, UserPath path, UserString name) {
    Caller caller(task);
    return remove(caller, *TRY(named(task, caller, path, fs::Follow::no)), name);
}
Result<u64> fremovexattr(Task& task, Descriptor file, UserString name) {
    Caller caller(task);
    return remove(caller, *TRY(opened(task, file)), name);
}

}  // namespace spore::linux::calls
