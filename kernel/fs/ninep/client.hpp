// The client's side of 9P2000.L over one share: a call for each message. All sleep until the server has answered, and give the errors that
// it gave; protocol when its answer breaks the rules.
#pragma once

#include <initializer_list>

#include "base/text.hpp"
#include "kernel/fs/ninep/call.hpp"
#include "kernel/fs/ninep/fid.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::fs::ninep {

/// What set_attributes changes: fields whose bit (wire::ninep::change) is in `which`.
struct AttributeRequest {
    u32 which = 0;
    u32 mode = 0, uid = 0, gid = 0;
    u64 size = 0;
    wire::ninep::Time accessed{}, modified{};
};

class Client {
public:
    /// Agrees with the server on the protocol. not_supported when it speaks another.
    static Result<Owned<Client>> connect(device::Share& share);
    explicit Client(device::Share& share) : share_(share) {}

    /// Whether the server's fids lead to the same files when directories are renamed. Not those of a server without the newer messages that take names
    /// in directories (renameat, unlinkat), such as diod 1.0, which keeps paths.
    bool follows_files() const { return follows_files_; }
    /// At most so many bytes in one read or write.
    u32 chunk() const { return chunk_; }
    static constexpr unsigned chunk_pages = 16;

    Result<Shared<Fid>> attach();
    /// What `name` in the directory `from` is; not_found. Without a name: the same once more.
    Result<Shared<Fid>> walk(Fid& from, std::string_view name = {});
    Result<wire::ninep::Attributes> get_attributes(Fid& fid);
    Result<void> set_attributes(Fid& fid, const AttributeRequest& request);
    Result<wire::ninep::FileSystemAttributes> stat_file_system(Fid& fid);
    /// `flags` are wire::ninep::open_flag's.
    Result<void> open(Fid& fid, u32 flags);
    Result<void> sync(Fid& fid, bool data_only);

    /// Makes and opens a file; `fid` was its directory, and is the file from now on.
    Result<void> create(Fid& fid, std::string_view name, u32 flags, u32 mode);
    Result<void> make_directory(Fid& directory, std::string_view name, u32 mode);
    Result<void> make_node(Fid& directory, std::string_view name, u32 mode, u64 device);
    Result<void> make_symlink(Fid& directory, std::string_view name, std::string_view target);
    Result<void> link(Fid& directory, Fid& target, std::string_view name);
    Result<void> unlink(Fid& directory, std::string_view name, u32 flags);
    /// Null; or a fid for the file under its new name, where the server does not see to it that others lead there.
    Result<Shared<Fid>> rename(Fid& directory, std::string_view name, Fid& new_directory, std::string_view new_name);
    Result<Text> read_link(Fid& fid);

    /// Of open files: up to `size` bytes, at most chunk(), to or from the pieces. How many.
    Result<u32> read(Fid& fid, u64 offset, u32 size, Pieces into);
    Result<u32> write(Fid& fid, u64 offset, u32 size, Pieces from);
    /// Calls visit(record) for entries of an open directory from `offset` on until it returns false. Whether there were any.
    template <typename F>
    Result<bool> read_directory(Fid& fid, u64 offset, F&& visit) {
        auto call = TRY(begin_read_directory(fid, offset));
        auto reply = TRY(call.run());
        wire::ninep::Reader records(reply.bytes(reply.number<u32>()));
        TRY(reply.check());
        bool any = !records.empty();
        while (!records.empty()) {
            auto record = records.directory_record();
            TRY(records.check());
            if (!visit(record)) break;
        }
        return any;
    }

    /// The value's size, and a fid to read it by. With no name: of the list of names.
    struct FoundAttribute {
        Shared<Fid> fid;
        u64 size;
    };
    Result<FoundAttribute> find_attribute(Fid& fid, std::string_view name);
    /// `fid` takes the value of that size by write(), and sets it when it is forgotten: only then it is known whether it could be.
    Result<void> create_attribute(Fid& fid, std::string_view name, u64 size, u32 flags);
    /// Instead of dropping it: what the server says of that.
    Result<void> clunk(Shared<Fid> fid);

    device::Share& share() { return share_; }

private:
    friend class Fid;
    friend class Call;
    static constexpr u32 tag_count = 32;

    Result<Shared<Fid>> new_fid();
    /// Passes on what the server said of making a fid.
    Result<wire::ninep::Reader> make_known(Fid& fid, Result<wire::ninep::Reader> reply);
    /// One field of a request.
    class Field {
    public:
        Field(u16 value) : value_(value), kind_(Kind::u16) {}
        Field(u32 value) : value_(value), kind_(Kind::u32) {}
        Field(u64 value) : value_(value), kind_(Kind::u64) {}
        Field(std::string_view text) : value_(text.size()), kind_(Kind::text), text_(text.data()) {}
        void write(wire::ninep::Writer& to) const;

    private:
        enum class Kind : u8 { u16, u32, u64, text };
        u64 value_;
        Kind kind_;
        const char* text_ = nullptr;
    };
    /// A request about `fid`, which begins all but the first.
    Result<Call> begin(wire::ninep::Type type, Fid& fid, std::initializer_list<Field> fields, Call::Size size = Call::Size::small);
    /// The same, done: there is nothing in its reply that anybody needs.
    Result<void> ask(wire::ninep::Type type, Fid& fid, std::initializer_list<Field> fields, Call::Size size = Call::Size::small);
    Result<Call> begin_read_directory(Fid& fid, u64 offset);
    Result<void> clunk_known(Fid& fid);
    void forget(Fid& fid);

    // Call's.
    Result<u16> begin_call(wire::ninep::Type type);
    void end_call(wire::ninep::Type type, u16 tag);
    memory::FrameRef clunk_memory() const { return clunk_memory_; }

    device::Share& share_;
    u32 chunk_ = 0;
    bool follows_files_ = true;
    Locked<FidNumbers, sync::Spin> numbers_;
    sync::Spin tags_lock_;
    sync::WaitQueue tag_free_;
    u32 tags_ = 0;  ///< a bit for each tag in use
    /// Fids must go even when memory has run out: one at a time, by memory that is always there.
    sync::Mutex clunk_mutex_;
    memory::FrameRef clunk_memory_;
};

}  // namespace spore::fs::ninep
