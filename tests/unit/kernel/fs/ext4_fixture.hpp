// Volumes made by the real mke2fs, from a folder that the test fills, on a disk in memory; and checked by the real e2fsck.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "erofs_fixture.hpp"
#include "kernel/device/block.hpp"
#include "kernel/fs/ext4/file_system.hpp"
#include "tree_fixture.hpp"

namespace spore::fs::test {

/// Keeps the pages that are not zeros; and what was written since a test asked for that, in order.
class RamDisk final : public device::BlockDevice {
public:
    using Page = std::array<std::byte, 4096>;
    struct Write {
        u64 sector;
        std::vector<std::byte> bytes;  ///< empty: a flush, or
        u64 discarded = 0;             ///< so many sectors were
        bool is_flush() const { return bytes.empty() && !discarded; }
    };

    explicit RamDisk(u64 bytes) : sectors_(bytes / device::sector_size) {}
    u64 sectors() const override { return sectors_; }
    bool read_only() const override { return is_read_only; }
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) override {
        ++reads_done;
        EXPECT_LE(pieces.size(), max_pieces);
        if (fails_reads) return fail(Error::io);
        return transfer(first, pieces, [&](u64 at, std::span<std::byte> memory) { load(at, memory); });
    }
    Result<void> write(u64 first, std::span<const device::TransferPiece> pieces) override {
        ++writes_done;
        EXPECT_LE(pieces.size(), max_pieces);
        if (is_read_only) return fail(Error::read_only);
        if (fails_writes) return fail(Error::io);
        auto done = transfer(first, pieces, [&](u64 at, std::span<std::byte> memory) {
            if (logs) log.push_back({at / device::sector_size, {memory.begin(), memory.end()}});
            store(at, memory);
        });
        if (auto hook = after_write) hook();  // which may take itself away
        return done;
    }
    Result<void> flush() override {
        ++flushes_done;
        if (fails_writes) return fail(Error::io);
        if (logs) log.push_back({});
        return {};
    }
    Result<void> discard(u64 first, u64 count) override {
        if (!granularity) return fail(Error::not_supported);
        if (first > sectors_ || count > sectors_ - first) return fail(Error::out_of_range);
        if (fails_discards) return fail(Error::io);
        if (logs) log.push_back({first, {}, count});
        poison(first, count);
        discarded += count;
        ++discards_done;
        return {};
    }
    u32 discard_granularity() const override { return granularity; }
    /// Who reads this again shall notice.
    static constexpr std::byte poisoned{0xdd};
    void poison(u64 first, u64 count) {
        static const auto page = [] {
            auto made = std::make_shared<Page>();
            made->fill(poisoned);
            return made;
        }();
        EXPECT_EQ(first * device::sector_size % 4096 + count * device::sector_size % 4096, 0u) << "blocks are discarded";
        for (u64 at = first / 8; at < (first + count) / 8; ++at) pages_[at] = page;
    }
    void load(u64 at, std::span<std::byte> memory) const {
        while (!memory.empty()) {
            u64 part = std::min<u64>(memory.size(), 4096 - at % 4096);
            auto found = pages_.find(at / 4096);
            if (found == pages_.end()) std::memset(memory.data(), 0, part);
            else std::memcpy(memory.data(), found->second->data() + at % 4096, part);
            memory = memory.subspan(part);
            at += part;
        }
    }
    void store(u64 at, std::span<const std::byte> memory) {
        while (!memory.empty()) {
            u64 part = std::min<u64>(memory.size(), 4096 - at % 4096);
            auto& page = pages_[at / 4096];
            // Pages are shared with copies of the disk until one writes.
            if (!page) page = std::make_shared<Page>(Page{});
            else if (page.use_count() > 1) page = std::make_shared<Page>(*page);
            std::memcpy(page->data() + at % 4096, memory.data(), part);
            memory = memory.subspan(part);
            at += part;
        }
    }
    /// The same contents, in a disk of its own.
    std::unique_ptr<RamDisk> copy() const {
        auto made = std::make_unique<RamDisk>(sectors_ * device::sector_size);
        made->pages_ = pages_;
        return made;
    }
    void load_from(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        Page page;
        for (u64 at = 0; in.read(reinterpret_cast<char*>(page.data()), sizeof page); at += sizeof page)
            if (std::ranges::any_of(page, [](std::byte b) { return b != std::byte{0}; })) store(at, page);
    }
    void save_to(const std::string& path) const {
        { std::ofstream made(path, std::ios::binary | std::ios::trunc); }
        std::filesystem::resize_file(path, sectors_ * device::sector_size);
        std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
        for (auto& [index, page] : pages_) {
            out.seekp(static_cast<std::streamoff>(index * 4096));
            out.write(reinterpret_cast<const char*>(page->data()), sizeof(Page));
        }
    }

    bool is_read_only = false, fails_reads = false, fails_writes = false, fails_discards = false, logs = false;
    u32 granularity = 1;
    u64 reads_done = 0, writes_done = 0, flushes_done = 0, discarded = 0, discards_done = 0;
    std::vector<Write> log;
    std::function<void()> after_write;

private:
    template <typename F>
    Result<void> transfer(u64 first, std::span<const device::TransferPiece> pieces, F each) {
        for (auto& piece : pieces) {
            EXPECT_EQ(piece.size % device::sector_size, 0u);
            if (first + piece.size / device::sector_size > sectors_) return fail(Error::out_of_range);
            each(first * device::sector_size, std::span(static_cast<std::byte*>(arch::direct(piece.address)), piece.size));
            first += piece.size / device::sector_size;
        }
        return {};
    }
    u64 sectors_;
    std::map<u64, std::shared_ptr<Page>> pages_;
};

/// What a disk has when the power goes after what its log has: of what was written since the last flush, sectors as `kept` says; what
/// was discarded is gone at once.
inline std::unique_ptr<RamDisk> cut_off(const RamDisk& before, std::span<const RamDisk::Write> log, const std::function<bool()>& kept) {
    auto disk = before.copy();
    std::size_t flushed = 0;
    for (std::size_t i = 0; i < log.size(); ++i)
        if (log[i].is_flush()) flushed = i;
    for (std::size_t i = 0; i < log.size(); ++i) {
        if (log[i].discarded) disk->poison(log[i].sector, log[i].discarded);
        for (u64 at = 0; at < log[i].bytes.size(); at += 512)
            if (i < flushed || kept()) disk->store(log[i].sector * 512 + at, std::span(log[i].bytes).subspan(at, 512));
    }
    return disk;
}

/// Whether a file leads to what was discarded.
inline bool has_discarded(Tree& tree, const std::string& path) {
    auto found = tree.read_file(path);
    return found && found->contains(std::string(64, static_cast<char>(RamDisk::poisoned)));
}

/// Runs a program of e2fsprogs: its status and what it said.
struct Ran {
    int status;
    std::string output;
};
inline Ran run_tool(const std::string& command) {
    auto* pipe = popen(("PATH=$PATH:/sbin:/usr/sbin " + command + " 2>&1").c_str(), "r");
    Ran ran{0, {}};
    char buffer[4096];
    while (auto size = fread(buffer, 1, sizeof buffer, pipe)) ran.output.append(buffer, size);
    ran.status = pclose(pipe);
    return ran;
}

class Ext4Source {
public:
    Ext4Source() {
        std::string name = (std::filesystem::temp_directory_path() / "ext4-XXXXXX").string();
        if (!mkdtemp(name.data())) std::abort();
        folder_ = name;
        std::filesystem::create_directory(root());
    }
    ~Ext4Source() { std::filesystem::remove_all(folder_); }
    std::filesystem::path root() const { return folder_ / "root"; }
    std::string image() const { return (folder_ / "image").string(); }
    void file(const std::string& name, const std::string& contents) { std::ofstream(root() / name, std::ios::binary) << contents; }
    void directory(const std::string& name) { std::filesystem::create_directories(root() / name); }
    void link(const std::string& name, const std::string& target) { std::filesystem::create_symlink(target, root() / name); }

    std::unique_ptr<RamDisk> build(u64 bytes, const std::string& options = "") {
        std::filesystem::remove(image());
        auto ran = run_tool("mke2fs -q -F -t ext4 -b 4096 -E root_owner=0:0 " + options + " -d " + root().string() + " " + image() + " " +
                            std::to_string(bytes / 1024) + "k");
        EXPECT_EQ(ran.status, 0) << ran.output;
        auto disk = std::make_unique<RamDisk>(bytes);
        disk->load_from(image());
        return disk;
    }
    /// What e2fsck says to be wrong; empty when nothing is.
    std::string check(const RamDisk& disk) {
        disk.save_to(image());
        auto ran = run_tool("e2fsck -fn " + image());
        return ran.status == 0 ? "" : ran.output;
    }
    std::string debug(const std::string& request) { return run_tool("debugfs -R '" + request + "' " + image()).output; }

private:
    std::filesystem::path folder_;
};

}  // namespace spore::fs::test
