#include "kernel/net/tcp/scoreboard.hpp"

namespace spore::net::tcp {

Result<void> Scoreboard::sent(const SentRecord& record) {
    return records_.push_back(record);
}

void Scoreboard::deliver(SentRecord& record, u32 now_us, Delivery& delivery) {
    delivery.delivered += record.size();
    u32 rtt = std::max<u32>(now_us - record.sent_us, 1);
    if (record.retransmitted) delivery.retransmission_arrived = true;
    else delivery.rtt_us = rtt;
    // Out of order unless it is the highest so far; a retransmission says nothing about the order [RFC 8985 6.2 step 3].
    if (any_sacked_ && before(record.end, highest_sacked_)) {
        if (!record.retransmitted) delivery.reordered = true;
    } else {
        highest_sacked_ = record.end;
        any_sacked_ = true;
    }
    bool later_sent = !delivery.any || before(delivery.latest_sent_us, record.sent_us) ||
                      (delivery.latest_sent_us == record.sent_us && before(delivery.latest_end, record.end));
    if (!later_sent) return;
    delivery.any = true;
    delivery.latest_retransmitted = record.retransmitted;
    delivery.latest_sent_us = record.sent_us;
    delivery.latest_end = record.end;
    delivery.latest_rtt_us = rtt;
}

void Scoreboard::acknowledge(u32 to, u32 now_us, Delivery& delivery) {
    while (!records_.empty()) {
        auto& record = records_.front();
        if (!before(record.begin, to)) break;
        u32 part = earlier(record.end, to) - record.begin;
        if (record.sacked) {
            sacked_ -= part;
        } else {
            if (record.lost) lost_ -= part;
            SentRecord arrived = record;
            arrived.end = record.begin + part;
            deliver(arrived, now_us, delivery);
        }
        record.begin += part;
        if (record.begin != record.end) break;
        records_.pop_front();
    }
    if (records_.empty()) any_sacked_ = false;
}

bool Scoreboard::cut(u32 index, u32 size) {
    SentRecord first = records_[index];
    first.end = first.begin + size;
    if (!records_.insert(index, first)) return false;
    records_[index + 1].begin = first.end;
    return true;
}

void Scoreboard::mark_sacked(wire::tcp::SackBlock block, u32 now_us, Delivery& delivery) {
    for (u32 i = 0; i < records_.size(); ++i) {
        if (!before(records_[i].begin, block.end)) return;
        if (records_[i].sacked || !after(records_[i].end, block.begin)) continue;
        u32 mss = std::max<u32>(records_[i].segment_size, 1);
        if (before(records_[i].begin, block.begin)) {
            u32 unsacked = (block.begin - records_[i].begin + mss - 1) / mss * mss;
            if (unsacked >= records_[i].size() || !cut(i, unsacked)) continue;
            ++i;
        }
        if (after(records_[i].end, block.end)) {
            u32 whole = (block.end - records_[i].begin) / mss * mss;
            if (whole == 0 || !cut(i, whole)) return;
        }
        auto& record = records_[i];
        if (record.lost) lost_ -= record.size(), record.lost = false;
        sacked_ += record.size();
        record.sacked = true;
        deliver(record, now_us, delivery);
    }
}

void Scoreboard::mark_lost(SentRecord& record) {
    if (record.lost || record.sacked) return;
    record.lost = true;
    lost_ += record.size();
}

void Scoreboard::mark_all_lost(Sacked sacked) {
    for (u32 i = 0; i < records_.size(); ++i) {
        auto& record = records_[i];
        if (sacked == Sacked::forget && record.sacked) {
            record.sacked = false;
            sacked_ -= record.size();
        }
        mark_lost(record);
    }
}

void Scoreboard::unmark_lost() {
    for (u32 i = 0; i < records_.size(); ++i) records_[i].lost = false;
    lost_ = 0;
}

void Scoreboard::mark_retransmitted(SentRecord& record, u32 now_us) {
    if (record.lost) lost_ -= record.size(), record.lost = false;
    record.retransmitted = true;
    record.sent_us = now_us;
}

SentRecord* Scoreboard::next_lost(u32 size) {
    if (!lost_) return nullptr;
    for (u32 i = 0; i < records_.size(); ++i) {
        if (!records_[i].lost) continue;
        u32 mss = std::max<u32>(records_[i].segment_size, 1);
        u32 most = std::max(size / mss, u32{1}) * mss;
        if (records_[i].size() > most) cut(i, most);  // without memory it is sent whole: sizes are bounded anyway
        return &records_[i];
    }
    return nullptr;
}

void Scoreboard::clear() {
    records_.clear();
    sacked_ = lost_ = 0;
    any_sacked_ = false;
}

}  // namespace spore::net::tcp
