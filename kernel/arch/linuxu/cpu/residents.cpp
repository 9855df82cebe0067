#include "residents.hpp"

#include <algorithm>
#include <iterator>

namespace spore::arch {
namespace {

bool is_within(Unmappings::Range inner, Unmappings::Range outer) { return inner.start >= outer.start && inner.end <= outer.end; }

}  // namespace

void Unmappings::add(Range range, const Areas& areas) {
    for (auto& known : *this)
        if (is_within(range, known)) return;
    if (count_ == most) return add_all(areas);
    ranges_[count_++] = range;
}

void Unmappings::add_all(const Areas& areas) {
    ranges_[0] = areas.programs, ranges_[1] = areas.kernel;
    count_ = 2;
}

void Unmappings::drop(Range range) {
    count_ = static_cast<u32>(std::remove_if(ranges_, ranges_ + count_, [&](Range known) { return is_within(known, range); }) - ranges_);
}

bool Residents::wants_more(u64 table) {
    constexpr u32 enough_returns = 2;
    if (!table || find(table) < count_) return false;
    if (std::find(std::begin(driven_out_), std::end(driven_out_), table) == std::end(driven_out_)) return false;
    return ++returns_ >= enough_returns && count_ < limit_;
}

void Residents::add() {
    places_[count_] = {};
    places_[count_++].unmappings.add_all(areas_);
    returns_ = 0;
}

/// The first that has the table; count_ when none has.
u32 Residents::find(u64 table) const {
    return static_cast<u32>(std::find_if(places_, places_ + count_, [=](const Place& place) { return place.table == table; }) - places_);
}

/// The one that has it, else one that has none, this one first, else the one that was not needed for the longest time.
u32 Residents::place_for(u64 table) const {
    u32 now = running();
    if (!table) return now;
    if (u32 own = find(table); own < count_) return own;
    if (places_[now].table == 0) return now;
    if (u32 empty = find(0); empty < count_) return empty;
    auto* oldest = std::min_element(places_, places_ + count_, [](const Place& a, const Place& b) { return a.entered < b.entered; });
    return static_cast<u32>(oldest - places_);
}

void Residents::enter(u64 table) {
    u32 chosen = place_for(table);
    auto& place = places_[chosen];
    place.entered = ++entries_;
    if (place.table != table) {
        if (place.table && table) driven_out_[next_driven_out_++ % std::size(driven_out_)] = place.table;
        if (place.table) place.unmappings.add(areas_.programs, areas_);
        place.table = table;
    }
    running_.store(chosen, std::memory_order_release);
}

Unmappings Residents::take() {
    auto& place = places_[running()];
    auto taken = place.unmappings;
    place.unmappings = {};
    return taken;
}

void Residents::note(u64 table, Unmappings::Range range, bool here) {
    for (u32 i = 0; i < count_; ++i)
        if ((!table || places_[i].table == table) && !(here && i == running())) places_[i].unmappings.add(range, areas_);
}

void Residents::forget(u64 table, bool here) {
    for (u32 i = 0; i < count_; ++i) {
        if (places_[i].table != table || (here && i == running())) continue;
        places_[i].unmappings.add(areas_.programs, areas_);
        places_[i].table = 0;
    }
}

}  // namespace spore::arch
