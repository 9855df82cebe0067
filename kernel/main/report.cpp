#include "kernel/main/report.hpp"

#include <atomic>
#include <cstring>

#include "abi/trace.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/fs/file.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/main/names.hpp"
#include "kernel/main/trace.hpp"
#include "kernel/task/thread.hpp"

namespace spore::main {
namespace {

constexpr std::string_view place = "/proc/";

struct Query {
    u32 number;
    std::size_t size;
    char path[place.size() + abi::max_query_path];

    std::string_view view() const { return {path, size}; }
};

constinit Shared<fs::Dentry> tree;
constinit std::atomic<u32> answering = 0;

/// Anything but a plain path: the host is trusted, but ".." would be a mistake of it.
bool is_plain(std::string_view path) {
    return !path.empty() && path.size() <= abi::max_query_path && !path.starts_with('/') && path.find("..") == path.npos &&
           path.find('\0') == path.npos;
}

/// A piece of what is asked for; 0 at its end.
Result<u64> read_piece(fs::File& file, std::span<char> into) {
    if (file.inode() && file.inode()->type() == fs::FileType::directory) {
        Names names(into, '\n');
        TRY(file.read_directory(names));
        return names.view().size();
    }
    auto buffer = fs::IoBuffer::kernel(std::as_writable_bytes(into));
    return file.read(buffer);
}

abi::ReplyState answer(const Query& query) {
    if constexpr (core::has(core::Part::trace))
        if (auto path = query.view().substr(place.size()); path.starts_with(abi::trace_questions)) return answer_trace(query.number, path.substr(std::size(abi::trace_questions) - 1));
    fs::Context context{.root = *tree, .directory = *tree};
    auto file = fs::open(context, *tree, query.view(), {.mode = {.read = true}});
    if (!file) return file.error() == Error::no_memory ? abi::ReplyState::failed : abi::ReplyState::unknown;
    char text[max_reply_text];
    while (true) {
        auto size = read_piece(**file, text);
        if (!size) return abi::ReplyState::failed;
        if (*size == 0) return abi::ReplyState::complete;
        send_reply(query.number, abi::ReplyState::more, std::as_bytes(std::span(text)).first(*size));
    }
}

[[noreturn]] void run(void* argument) {
    {
        auto query = Owned<Query>(static_cast<Query*>(argument));
        send_reply(query->number, answer(*query), {});
    }
    answering.fetch_sub(1, std::memory_order_relaxed);
    task::end();
}

/// In a thread of its own, since the file may sleep, and the host be slow to take it. no_memory.
Result<void> begin(u32 number, std::string_view path) {
    auto query = TRY(make_owned<Query>());
    query->number = number;
    query->size = place.size() + path.size();
    std::memcpy(query->path, place.data(), place.size());
    std::memcpy(query->path + place.size(), path.data(), path.size());
    auto thread = TRY(task::Thread::create("report", run, query.get()));
    (void)query.release();
    task::start(std::move(thread));
    return {};
}

}  // namespace

AnswerQuery start_reports(Shared<fs::Dentry> root) {
    tree = std::move(root);
    return [](u32 number, std::string_view path) {
        if (!is_plain(path)) return refuse_query(number, abi::ReplyState::unknown);
        if (answering.fetch_add(1, std::memory_order_relaxed) < abi::max_queries && begin(number, path)) return;
        answering.fetch_sub(1, std::memory_order_relaxed);
        refuse_query(number, abi::ReplyState::failed);
    };
}

}  // namespace spore::main
