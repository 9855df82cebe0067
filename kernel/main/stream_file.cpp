#include "kernel/main/stream_file.hpp"

#include <algorithm>

#include "kernel/fs/vfs.hpp"
#include "kernel/linux/terminal/console.hpp"

namespace spore::main {
namespace {

using fs::IoBuffer;
using fs::Ready;

constexpr std::size_t chunk = 4088;  // what one frame of the channel carries

class StreamFile : public fs::File {
public:
    StreamFile(device::Console& console, Shared<ChannelConsole> kept, wire::Manifest::User owner, fs::OpenMode mode, std::string_view name)
        : File(mode), console_(console), kept_(std::move(kept)), owner_(owner), name_(name) {}

    Result<fs::Stat> stat() override {
        fs::Stat stat;
        stat.type = fs::FileType::fifo;
        stat.permissions = 0600;
        stat.uid = owner_.uid, stat.gid = owner_.gid;
        return stat;
    }
    std::string_view describe(std::span<char> buffer) override {
        auto size = std::min(buffer.size(), name_.size());
        std::copy_n(name_.data(), size, buffer.data());
        return {buffer.data(), size};
    }

protected:
    device::Console& console_;

private:
    Shared<ChannelConsole> kept_;
    wire::Manifest::User owner_;
    std::string_view name_;
};

class OutputFile final : public StreamFile {
public:
    OutputFile(device::Console& console, Shared<ChannelConsole> kept, wire::Manifest::User owner, device::OutputStream stream, std::string_view name)
        : StreamFile(console, std::move(kept), owner, {.write = true}, name), stream_(stream) {}

    Result<u64> write(IoBuffer& from) override {
        std::byte part[512];
        u64 written = 0;
        // Small writes need no buffer of their own; large ones are worth a page.
        std::byte* buffer = part;
        std::size_t room = sizeof part;
        if (from.remaining() > sizeof part)
            if (auto* page = new (std::nothrow) std::byte[chunk]) buffer = page, room = chunk;
        Result<void> outcome;
        while (outcome && from.remaining()) {
            MutableByteSpan bytes(buffer, std::min<u64>(room, from.remaining()));
            outcome = from.take(bytes);
            if (outcome) outcome = console_.write(stream_, bytes);
            if (outcome) written += bytes.size();
        }
        if (buffer != part) delete[] buffer;
        if (!outcome && !written) return fail(outcome.error());
        return written;
    }
    Ready ready() override { return console_.is_taken(stream_) ? Ready::out : Ready::out | Ready::error; }
    fs::PollSource* poll_source() override { return &source_; }

private:
    device::OutputStream stream_;
    fs::PollSource source_;
};

class InputFile final : public StreamFile {
public:
    InputFile(device::Console& console, Shared<ChannelConsole> kept, wire::Manifest::User owner)
        : StreamFile(console, std::move(kept), owner, {.read = true}, "pipe:[stdin]") {
        console.set_listener([](void* self) { static_cast<InputFile*>(self)->source_.notify(Ready::in); }, this);
    }
    ~InputFile() override { console_.set_listener(nullptr, nullptr); }

    Result<u64> read(IoBuffer& into) override {
        std::byte part[1024];
        auto wait = mode().nonblocking ? device::Console::Wait::no : device::Console::Wait::yes;
        auto count = TRY(console_.read({part, std::min<u64>(sizeof part, into.remaining())}, wait));
        TRY(into.put({part, count}));
        return count;
    }
    Ready ready() override {
        auto count = console_.readable();
        if (count == ~std::size_t{0}) return Ready::in | Ready::hang_up;
        return count ? Ready::in : Ready::none;
    }
    fs::PollSource* poll_source() override { return &source_; }

private:
    fs::PollSource source_;
};

}  // namespace

Result<StandardFiles> open_standard_files(device::Console& console, fs::Dentry& root, wire::Manifest::User owner) {
    if (console.is_terminal()) {
        TRY(linux::start_terminal(console));
        fs::Context context{.root = root, .directory = root};
        auto terminal = fs::open(context, root, "/dev/console", {.mode = {.read = true, .write = true}});
        if (terminal) return StandardFiles{*terminal, *terminal, *terminal};
    }
    return open_streams(console, owner);
}

Result<StandardFiles> open_streams(device::Console& console, wire::Manifest::User owner, Shared<ChannelConsole> kept) {
    return StandardFiles{
        TRY(make_shared<InputFile>(console, kept, owner)),
        TRY(make_shared<OutputFile>(console, kept, owner, device::OutputStream::standard_out, "pipe:[stdout]")),
        TRY(make_shared<OutputFile>(console, kept, owner, device::OutputStream::standard_err, "pipe:[stderr]")),
    };
}

}  // namespace spore::main
