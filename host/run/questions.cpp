#include "host/run/questions.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "host/run/frames.hpp"

namespace spore::host {

Questions::Questions(int listener) : listener_(listener) {}

bool Questions::waiting() const {
    return std::ranges::any_of(questions_, [](const Question& question) { return question.number && !question.answer; });
}

void Questions::add_waits(std::vector<struct pollfd>& waits) const {
    // Not more at a time than the guest answers; the others wait in the listener's queue.
    waits.push_back({questions_.size() < abi::max_queries ? listener_ : -1, POLLIN, 0});
    for (const auto& question : questions_) {
        bool reading = question.number == 0 && !question.answer;
        waits.push_back({question.connection.number(), static_cast<short>(reading ? POLLIN : question.answer ? POLLOUT : 0), 0});
    }
}

void Questions::serve(std::span<const struct pollfd> waits, std::string& to_guest) {
    for (std::size_t i = 0; i < questions_.size(); ++i) {
        auto& question = questions_[i];
        if (!waits[1 + i].revents) continue;
        if (question.answer) {
            question.answer->flush();
            question.over = question.answer->pending() == 0 || question.answer->closed();
        } else if (question.number) {
            question.over = true;  // the asker is gone; the reply finds nobody
        } else {
            read(question, to_guest);
        }
    }
    std::erase_if(questions_, [](const Question& question) { return question.over; });
    if (waits[0].revents) {
        FileDescriptor connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (connection) questions_.push_back({.connection = std::move(connection), .words = {}, .answer = {}});
    }
}

void Questions::read(Question& question, std::string& to_guest) {
    char buffer[abi::max_query_path + 1];
    auto size = ::recv(question.connection.number(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        question.over = true;
        return;
    }
    question.words.append(buffer, static_cast<std::size_t>(size));
    if (!question.words.ends_with('\n')) {
        if (question.words.size() > abi::max_query_path) finish(question, "the path is too long\n");
        return;
    }
    question.words.pop_back();
    le32 number;
    number = question.number = ++last_number_ ? last_number_ : ++last_number_;
    auto head = bytes_of(number);
    std::string payload(reinterpret_cast<const char*>(head.data()), head.size());
    append_frame(to_guest, abi::HostFrame::query, std::as_bytes(std::span(payload += question.words)));
    question.words = "ok\n";
}

void Questions::take_reply(ByteSpan payload) {
    auto* head = view_at<abi::ReplyPayload>(payload, 0);
    if (!head) return;
    auto found = std::ranges::find_if(questions_, [&](const Question& question) { return question.number == head->number && !question.answer; });
    if (found == questions_.end()) return;
    auto text = payload.subspan(sizeof *head);
    switch (static_cast<abi::ReplyState>(head->state)) {
        case abi::ReplyState::more:
            if (found->words.size() + text.size() > most_words) return finish(*found, "the answer is too long\n");
            found->words.append(reinterpret_cast<const char*>(text.data()), text.size());
            return;
        case abi::ReplyState::complete: return finish(*found, std::move(found->words));
        case abi::ReplyState::unknown: return finish(*found, "the guest knows no such file\n");
        case abi::ReplyState::failed: break;
    }
    finish(*found, "the guest cannot read it now: it has too little memory, or too many ask at a time\n");
}

void Questions::finish(Question& question, std::string text) {
    question.answer = std::make_unique<Output>(question.connection.number());
    question.answer->add(text);
}

}  // namespace spore::host
