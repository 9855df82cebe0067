#include "kernel/fs/ninep/client.hpp"

namespace spore::fs::ninep {

using namespace wire::ninep;

namespace {
/// Messages of this size hold a chunk and what comes before it.
constexpr u32 wanted_message_size = Client::chunk_pages * page_size + page_size;
/// With less, names and entries of directories would not fit.
constexpr u32 least_message_size = 8192 + 64;
static_assert(least_message_size > Call::large_reply);

/// Whether the server may have done what was asked, or not.
bool is_unclear(Error error) { return error == Error::protocol || error == Error::io; }
}  // namespace

void Client::Field::write(Writer& to) const {
    switch (kind_) {
    case Kind::u16: to.number(static_cast<u16>(value_)); return;
    case Kind::u32: to.number(static_cast<u32>(value_)); return;
    case Kind::u64: to.number(value_); return;
    case Kind::text: to.text({text_, value_}); return;
    }
}

Result<Owned<Client>> Client::connect(device::Share& share) {
    auto client = TRY(make_owned<Client>(share));
    client->clunk_memory_ = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    auto call = TRY(Call::begin(*client, Type::version));
    call.request.number(wanted_message_size).text(protocol);
    auto reply = TRY(call.run());
    u32 size = reply.number<u32>();
    auto version = reply.text();
    TRY(reply.check());
    if (version != protocol || size < least_message_size) return fail(Error::not_supported);
    client->chunk_ = static_cast<u32>(align_down(std::min(size, wanted_message_size) - write_request_size, page_size));
    // Whether it knows the newer messages is asked by one that cannot do anything.
    auto asked = client->ask(Type::unlink_at, *TRY(client->attach()), {std::string_view(), u32{0}});
    client->follows_files_ = asked || asked.error() != Error::not_supported;
    return client;
}

Result<u16> Client::begin_call(Type type) {
    if (type == Type::version) return no_tag;
    if (type == Type::clunk) clunk_mutex_.lock();
    Guard guard(tags_lock_);
    while (~tags_ == 0) {
        if (auto waited = tag_free_.wait(tags_lock_, sync::Interruptible::no); !waited) {
            if (type == Type::clunk) clunk_mutex_.unlock();
            return fail(waited.error());
        }
    }
    auto tag = static_cast<u16>(std::countr_one(tags_));
    tags_ |= u32{1} << tag;
    return tag;
}

void Client::end_call(Type type, u16 tag) {
    if (type == Type::version) return;
    {
        Guard guard(tags_lock_);
        tags_ &= ~(u32{1} << tag);
        tag_free_.wake_one();
    }
    if (type == Type::clunk) clunk_mutex_.unlock();
}

Result<Shared<Fid>> Client::new_fid() {
    auto* made = new (std::nothrow) Fid(*this);
    if (!made) return fail(Error::no_memory);
    auto fid = Shared<Fid>::adopt(made);
    fid->number_ = TRY(numbers_.with([](FidNumbers& numbers) { return numbers.take(); }));
    fid->numbered_ = true;
    return fid;
}

Result<void> Client::clunk_known(Fid& fid) {
    fid.known_ = false;  // whatever comes of it: the server forgets it in any case
    return ask(Type::clunk, fid, {});
}

void Client::forget(Fid& fid) {
    // What could not be said may have failed on the way only: the number is not used again then.
    if (fid.known_ && !clunk_known(fid)) return;
    if (fid.numbered_) numbers_.with([&](FidNumbers& numbers) { numbers.give(fid.number_); });
}

Result<void> Client::clunk(Shared<Fid> fid) { return clunk_known(*fid); }

Result<Call> Client::begin(Type type, Fid& fid, std::initializer_list<Field> fields, Call::Size size) {
    auto call = TRY(Call::begin(*this, type, size));
    call.request.number(fid.number());
    for (auto& field : fields) field.write(call.request);
    return call;
}

Result<void> Client::ask(Type type, Fid& fid, std::initializer_list<Field> fields, Call::Size size) {
    auto call = TRY(begin(type, fid, fields, size));
    TRY(call.run());
    return {};
}

Result<Reader> Client::make_known(Fid& fid, Result<Reader> reply) {
    if (reply) fid.known_ = true;
    // Nobody knows whether the server knows the number: it is not used again.
    else if (is_unclear(reply.error())) fid.numbered_ = false;
    return reply;
}

Result<Shared<Fid>> Client::attach() {
    auto fid = TRY(new_fid());
    auto [path, user] = share_.attachment();
    auto call = TRY(begin(Type::attach, *fid, {no_fid, std::string_view(), path, user}));
    TRY(make_known(*fid, call.run()));
    return fid;
}

Result<Shared<Fid>> Client::walk(Fid& from, std::string_view name) {
    auto fid = TRY(new_fid());
    u16 names = name.empty() ? 0 : 1;
    auto call = TRY(begin(Type::walk, from, {fid->number(), names}));
    if (names) call.request.text(name);
    auto reply = TRY(make_known(*fid, call.run()));
    u16 found = reply.number<u16>();
    TRY(reply.check());
    if (found > names) return fail(Error::protocol);
    fid->known_ = found == names;
    if (!fid->known_) return fail(Error::not_found);  // the server has made no fid then [walk(5)]
    return fid;
}

Result<Attributes> Client::get_attributes(Fid& fid) {
    constexpr u64 basic = 0x7ff;  // all that stat(2) tells
    auto call = TRY(begin(Type::get_attributes, fid, {basic}));
    auto reply = TRY(call.run());
    auto attributes = reply.attributes();
    TRY(reply.check());
    return attributes;
}

Result<void> Client::set_attributes(Fid& fid, const AttributeRequest& r) {
    return ask(Type::set_attributes, fid, {r.which, r.mode, r.uid, r.gid, r.size, r.accessed.seconds, r.accessed.nanoseconds, r.modified.seconds, r.modified.nanoseconds});
}

Result<FileSystemAttributes> Client::stat_file_system(Fid& fid) {
    auto call = TRY(begin(Type::statfs, fid, {}));
    auto reply = TRY(call.run());
    auto attributes = reply.file_system();
    TRY(reply.check());
    return attributes;
}

Result<void> Client::open(Fid& fid, u32 flags) { return ask(Type::open, fid, {flags}); }

Result<void> Client::sync(Fid& fid, bool data_only) { return ask(Type::sync, fid, {u32{data_only}}); }

// Groups of new files are root's here and below: who makes a file gives it its owners.

Result<void> Client::create(Fid& fid, std::string_view name, u32 flags, u32 mode) { return ask(Type::create, fid, {name, flags, mode, u32{0}}); }

Result<void> Client::make_directory(Fid& directory, std::string_view name, u32 mode) {
    return ask(Type::make_directory, directory, {name, mode, u32{0}});
}

Result<void> Client::make_node(Fid& directory, std::string_view name, u32 mode, u64 device) {
    auto major = static_cast<u32>(device >> 8 & 0xfff), minor = static_cast<u32>((device & 0xff) | (device >> 12 & 0xfff00));  // makedev(3)
    return ask(Type::mknod, directory, {name, mode, major, minor, u32{0}});
}

Result<void> Client::make_symlink(Fid& directory, std::string_view name, std::string_view target) {
    return ask(Type::symlink, directory, {name, target, u32{0}}, Call::Size::large);
}

Result<void> Client::link(Fid& directory, Fid& target, std::string_view name) { return ask(Type::link, directory, {target.number(), name}); }

Result<void> Client::unlink(Fid& directory, std::string_view name, u32 flags) {
    if (follows_files_) return ask(Type::unlink_at, directory, {name, flags});
    auto fid = TRY(walk(directory, name));
    fid->known_ = false;  // removed or not, the server forgets it [remove(5)]
    auto done = ask(Type::remove, *fid, {});
    if (!done && is_unclear(done.error())) fid->numbered_ = false;
    return done;
}

Result<Shared<Fid>> Client::rename(Fid& directory, std::string_view name, Fid& new_directory, std::string_view new_name) {
    if (follows_files_) {
        TRY(ask(Type::rename_at, directory, {name, new_directory.number(), new_name}));
        return Shared<Fid>();
    }
    auto fid = TRY(walk(directory, name));
    TRY(ask(Type::rename, *fid, {new_directory.number(), new_name}));
    return fid;
}

Result<Text> Client::read_link(Fid& fid) {
    auto call = TRY(begin(Type::readlink, fid, {}, Call::Size::large));
    auto reply = TRY(call.run());
    auto target = reply.text();
    TRY(reply.check());
    return Text::copy(target);
}

Result<u32> Client::read(Fid& fid, u64 offset, u32 size, Pieces into) {
    auto call = TRY(begin(Type::read, fid, {offset, size}));
    return call.run_into(into, size);
}

Result<u32> Client::write(Fid& fid, u64 offset, u32 size, Pieces from) {
    auto call = TRY(begin(Type::write, fid, {offset, size}));
    auto reply = TRY(call.run_with(from));
    u32 count = reply.number<u32>();
    TRY(reply.check());
    if (count > size) return fail(Error::protocol);
    return count;
}

Result<Call> Client::begin_read_directory(Fid& fid, u64 offset) {
    return begin(Type::read_directory, fid, {offset, Call::large_reply - read_reply_size}, Call::Size::large);
}

Result<Client::FoundAttribute> Client::find_attribute(Fid& fid, std::string_view name) {
    auto value = TRY(new_fid());
    auto call = TRY(begin(Type::find_xattr, fid, {value->number(), name}));
    auto reply = TRY(make_known(*value, call.run()));
    u64 size = reply.number<u64>();
    TRY(reply.check());
    return FoundAttribute{std::move(value), size};
}

Result<void> Client::create_attribute(Fid& fid, std::string_view name, u64 size, u32 flags) {
    return ask(Type::create_xattr, fid, {name, size, flags});
}

}  // namespace spore::fs::ninep
