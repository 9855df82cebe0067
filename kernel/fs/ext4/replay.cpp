// After a crash: what the journal holds goes to its place.
#include <algorithm>
#include <bit>

#include "kernel/fs/ext4/journal.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

/// Which blocks are not to be put in their place, and up to which transaction.
class RevokeTable {
public:
    Result<void> reserve(u64 count) {
        u64 bytes = std::bit_ceil(std::max<u64>(count * 2 * sizeof(Entry), page_size));
        unsigned order = static_cast<unsigned>(std::countr_zero(bytes / page_size));
        if (order > memory::max_order) return fail(Error::no_memory);
        frame_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(order)));
        mask_ = bytes / sizeof(Entry) - 1;
        return {};
    }
    void add(u64 block, u32 sequence) {
        auto& entry = find(block);
        entry.block_and_one = block + 1;
        // Sequence numbers wrap around.
        if (entry.sequence == 0 || static_cast<i32>(sequence - entry.sequence) > 0) entry.sequence = sequence;
    }
    bool has(u64 block, u32 sequence) const {
        if (!frame_) return false;
        auto& entry = find(block);
        return entry.block_and_one != 0 && static_cast<i32>(sequence - entry.sequence) <= 0;
    }

private:
    struct Entry {
        u64 block_and_one;
        u32 sequence, unused;
    };
    Entry& find(u64 block) const {
        auto* entries = reinterpret_cast<Entry*>(frame_.bytes());
        u64 at = block * 0x9e37'79b9'7f4a'7c15 >> 20 & mask_;
        while (entries[at].block_and_one != 0 && entries[at].block_and_one != block + 1) at = (at + 1) & mask_;
        return entries[at];
    }
    memory::FrameRef frame_;
    u64 mask_ = 0;
};

}  // namespace

Result<void> Journal::replay() {
    enum class Pass : u8 { scan, revoke, put };
    RevokeTable table;
    u64 revokes = 0;
    u32 end = sequence_;
    auto buffer = scratch_, data = copy_;
    for (auto pass : {Pass::scan, Pass::revoke, Pass::put}) {
        if (pass == Pass::revoke && revokes == 0) continue;
        if (pass == Pass::revoke) TRY(table.reserve(revokes));
        u32 at = start_, sequence = sequence_, walked = 0;
        u64 revokes_here = 0;
        while ((pass == Pass::scan || sequence != end) && walked++ < blocks_) {
            TRY(disk_.read(TRY(place(at)), buffer));
            ByteSpan block(buffer.bytes(), block_size);
            auto& header = *view_at<RawJournalHeader>(block, 0);
            if (header.magic != journal_magic || header.sequence != sequence) break;
            at = after(at);
            bool has_tail = header.type == journal_block::descriptor || header.type == journal_block::revoke;
            if (has_tail && format_.checksums() && *view_at<be32>(block, block_size - 4) != journal_tail_checksum(format_, block)) break;
            if (header.type == journal_block::commit) {
                if (format_.checksums() && view_at<RawCommit>(block, 0)->checksums[0] != journal_commit_checksum(format_, block)) break;
                ++sequence;
                if (pass == Pass::scan) end = sequence, revokes += std::exchange(revokes_here, 0);
            } else if (header.type == journal_block::revoke) {
                u32 size = view_at<RawRevoke>(block, 0)->size, step = format_.revoke_size();
                if (size < sizeof(RawRevoke) || size > block_size - format_.tail_size()) return fail(Error::corrupt);
                for (u32 i = sizeof(RawRevoke); i + step <= size; i += step) {
                    u64 number = format_.wide() ? u64{*view_at<be64>(block, i)} : u64{*view_at<be32>(block, i)};
                    if (pass == Pass::revoke) table.add(number, sequence);
                    ++revokes_here;
                }
            } else if (header.type == journal_block::descriptor) {
                bool last = false;
                for (u32 i = sizeof(RawJournalHeader); !last && i + format_.tag_size() <= block_size - format_.tail_size();) {
                    auto tag = read_tag(format_, buffer.bytes() + i);
                    i += format_.tag_size() + (tag.flags & journal_tag::same_user ? 0 : 16);
                    last = tag.flags & journal_tag::last;
                    u32 from = std::exchange(at, after(at));
                    if (++walked >= blocks_) break;
                    if (pass != Pass::put || (tag.flags & journal_tag::deleted) || table.has(tag.block, sequence)) continue;
                    if (tag.block >= volume_blocks_) return fail(Error::corrupt);
                    TRY(disk_.read(TRY(place(from)), data));
                    if (format_.checksums()) {
                        u32 value = journal_data_checksum(format_, sequence, {data.bytes(), block_size});
                        if (!(format_.features & journal_feature::checksum_v3)) value &= 0xffff;
                        if (value != tag.checksum) return fail(Error::corrupt);
                    }
                    if (tag.flags & journal_tag::escaped) *reinterpret_cast<be32*>(data.bytes()) = journal_magic;
                    TRY(disk_.write(tag.block, data));
                }
            } else {
                break;
            }
        }
        if (pass == Pass::put && sequence != end) return fail(Error::corrupt);
    }
    TRY(disk_.flush());
    disk_.forget_all();
    // What was written of a transaction that never ended has this number.
    sequence_ = end + 1;
    start_ = 0;
    TRY(write_super());
    return disk_.flush();
}

}  // namespace spore::fs::ext4
