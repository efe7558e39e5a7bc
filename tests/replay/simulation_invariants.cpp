// SPDX-License-Identifier: MIT
#include "replay/simulation_invariants.hpp"

#include "replay/simulation_stack.hpp"
#include "support/model.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <string_view>

namespace hawse::test::replay::simulated {

namespace {

bool is_data_line(std::string_view line) {
    for (const std::string_view word : {"text ", "binary ", "frame ", "begun ", "first ", "next "})
        if (line.starts_with(word)) return true;
    return false;
}

// The octets behind the head of an opening; none when it did not open.
ConstBytes behind_head(const Host& host, ConstBytes octets) {
    if (!host.terms().session) return octets;
    if (!host.witness.was_opened) return {};
    const std::size_t end = as_text(octets).find("\r\n\r\n");
    return end == std::string_view::npos ? ConstBytes{} : octets.subspan(end + 4);
}

// Of what was told, the lines about what came in; an opening and the end are not among them.
std::vector<std::string> lines_of_input(const Host& host, std::size_t& count_at_close) {
    std::vector<std::string> lines;
    count_at_close = SIZE_MAX;
    for (const std::string& line : host.witness.story.lines()) {
        const auto index = static_cast<std::size_t>(&line - host.witness.story.lines().data());
        if (index == host.witness.line_count_at_close) count_at_close = lines.size();
        const bool other = line == "request" || line == "response" || line == "opened" ||
                           line.starts_with("closed ");
        if (!other) lines.push_back(line);
    }
    return lines;
}

std::string differs(const Host& host, const std::string& what, const std::string& found,
                    const std::string& wanted) {
    return std::string(host.side()) + ": " + what + "\n  found  " + found + "\n  wanted " + wanted;
}

}  // namespace

// I8, I9, I10, and that nothing is told but what came.
std::string check_input(const Host& host) {
    const HostTerms& terms = host.terms();
    const ConstBytes input = behind_head(host, host.witness.input);
    const Model model({terms.role, terms.delivery, terms.limits, terms.reserved_bits}, input);
    std::size_t count_at_close = 0;
    std::vector<std::string> told = lines_of_input(host, count_at_close);
    const Event& failed = host.witness.failed;
    if (failed.kind() == EventKind::failed) {
        if (told.empty())
            return std::string(host.side()) + ": `failed` was told and not written down";
        told.pop_back();
    }
    const bool by_violation = failed.cause() == Cause::violation && host.witness.was_opened;

    std::size_t index = 0;
    for (const std::string& line : model.lines()) {
        const bool may_be_dropped =
            !terms.deliver_after_close && is_data_line(line) && index + 1 >= count_at_close;
        if (index < told.size() && told[index] == line) {
            ++index;
            continue;
        }
        if (may_be_dropped) {  // or all but what was told of it before
            if (index + 1 == count_at_close && is_data_line(told[index])) ++index;
            continue;
        }
        // It ended before this was looked at; in parts the last line may be cut short as well.
        if (index == told.size() || (index + 1 == told.size() && is_data_line(told[index]) &&
                                     is_data_line(line) && terms.delivery != Delivery::messages)) {
            if (by_violation)
                return differs(host, "it blames the peer too early",
                               told.empty() ? "" : told.back(), line);
            return {};
        }
        return differs(host, "another event than the input gives", told[index], line);
    }
    if (index != told.size())
        return differs(host, "an event that the input does not give", told[index], "nothing");
    if (by_violation && failed.violation() != model.violation())
        return differs(host, "another violation", hawse::name_of(failed.violation()),
                       hawse::name_of(model.violation()));
    if (model.violation() != Violation::none && !by_violation && host.witness.was_opened &&
        failed.kind() == EventKind::none && host.witness.closed.cause() == Cause::none)
        return differs(host, "a violation was overlooked", "none",
                       hawse::name_of(model.violation()));

    const Statistics::Direction& counted = host.statistics().received;
    if (model.violation() != Violation::none || failed.kind() == EventKind::failed) return {};
    if (host.witness.input.size() > host.witness.input_size_at_end)
        return {};  // nobody read the rest
    if (counted.frames != model.frames || counted.messages != model.messages ||
        counted.payload_octets != model.payload_octets ||
        host.statistics().pings_received != model.pings ||
        host.statistics().pongs_received != model.pongs)
        return std::string(host.side()) + ": the statistics are not those of the input";
    // What comes with a request is there before a conversation is that could count it.
    const bool may_miss_some = terms.session && terms.role == Role::server;
    if (host.witness.was_opened && !may_miss_some && counted.wire_octets != input.size())
        return std::string(host.side()) + ": the octets received were not counted";
    return {};
}

namespace {

struct Sent {
    std::vector<std::string> messages;  // that are whole: kind and octets
    Octets partial;                     // of the last one, that is not
    std::vector<Octets> pings, pongs;
    const WireFrame* close = nullptr;
    bool in_message = false;
    std::size_t keepalive_count = 0;
};

// I7: behind our Close come answers to pings alone, and those only when they were asked for.
std::string read_sent(const Host& host, const std::vector<WireFrame>& frames, Sent& sent) {
    Octets message;
    unsigned kind = 0;
    for (const WireFrame& frame : frames) {
        const unsigned opcode = frame.first & 15;
        if (opcode == 9) sent.pings.push_back(frame.payload);
        if (opcode == 10) sent.pongs.push_back(frame.payload);
        if (sent.close != nullptr && (opcode != 10 || !host.terms().pong_after_close))
            return "a frame behind our Close that does not belong there";
        if (opcode == 8) sent.close = &frame;
        if (opcode >= 8) {
            if (frame.payload.size() > 125 || (frame.first & 0xF0) != 0x80)
                return "a control frame that is none";
            continue;
        }
        if ((opcode == 0) != sent.in_message) return "a frame out of order";
        if (opcode != 0) kind = opcode;
        append(message, frame.payload);
        sent.in_message = (frame.first & 0x80) == 0;
        if (sent.in_message) continue;
        sent.messages.push_back((kind == 1 ? "text " : "binary ") + hex(message));
        message.clear();
    }
    sent.partial = message;
    return {};
}

// I3: the shortest header, the mask bit by role, each key drawn and used once.
std::string check_form(const Host& host, const std::vector<WireFrame>& frames) {
    std::vector<std::uint32_t> keys = host.keys();
    for (const WireFrame& frame : frames) {
        const std::size_t size = frame.payload.size();
        const std::size_t extended = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
        const std::size_t key_size = host.terms().role == Role::client ? 4 : 0;
        if (frame.header_size != 2 + extended + key_size)
            return "a header that is not the shortest";
        if (frame.masked != (key_size != 0)) return "a mask bit that is not its role's";
        if (!frame.masked) continue;
        const auto key = std::find(keys.begin(), keys.end(), frame.key);
        if (key == keys.end()) return "a masking key that was not drawn, or was used twice";
        keys.erase(key);
    }
    return {};
}

std::string check_messages(const Host& host, const Sent& sent) {
    std::size_t index = 0;
    bool unfinished = false;
    for (const SentMessage& message : host.witness.sent) {
        if (!message.begun) continue;
        const std::string words =
            (message.kind == MessageKind::text ? "text " : "binary ") + hex(message.octets);
        if (index == sent.messages.size()) {
            const ConstBytes there = sent.partial;
            if (there.size() > message.octets.size() ||
                !std::equal(there.begin(), there.end(), message.octets.begin()))
                return "a message that begins otherwise than it was sent";
            unfinished = true;
            if (sent.close != nullptr && message.whole) return "a Close before a message was out";
            break;
        }
        if (sent.messages[index] != words) return "another message than was sent";
        ++index;
    }
    if (index != sent.messages.size() || (!unfinished && sent.in_message))
        return "a message that was not sent";
    return {};
}

// Of ours none is lost and none overtakes another; keepalives stand between them.
std::string check_pings(const Host& host, Sent& sent) {
    std::size_t index = 0;
    for (const Octets& ping : sent.pings) {
        if (index < host.witness.pings_sent.size() && host.witness.pings_sent[index] == ping)
            ++index;
        else if (ping.size() == 4)
            ++sent.keepalive_count;
        else
            return "a ping that was not sent";
    }
    if (host.terms().waits.ping <= Duration{} && sent.keepalive_count != 0)
        return "a keepalive that nobody asked for";
    if (sent.close != nullptr && index != host.witness.pings_sent.size() &&
        host.witness.closed.clean())
        return "a ping was lost";
    // Answers come in the order of the questions, and only those of a flood are left out.
    index = 0;
    std::size_t left_out = 0;
    for (const Octets& pong : sent.pongs) {
        while (index < host.witness.pings_received.size() &&
               host.witness.pings_received[index] != pong) {
            ++index;
            ++left_out;
        }
        if (index == host.witness.pings_received.size()) return "a pong for no ping";
        ++index;
    }
    if (left_out > host.statistics().pongs_dropped && host.terms().pong_after_close)
        return "a ping was not answered";
    const std::size_t answered = sent.pongs.size() + std::size_t(host.statistics().pongs_dropped);
    if (host.witness.closed.clean() && host.terms().pong_after_close &&
        answered != host.witness.pings_received.size())
        return "not every ping was answered before a clean end";
    return {};
}

// The clock of a pong runs from its ping, which the transport has then.
std::string check_pong_timeout(const Host& host, ConstBytes output) {
    if (host.witness.failed.cause() != Cause::pong_timeout) return {};
    const std::size_t size = host.witness.output.size() - output.size();
    const std::size_t written = host.witness.output_size_at_end - size;
    std::uint64_t ping_count = 0;
    std::size_t rest = 0;
    const std::vector<WireFrame> frames = read_frames(output.first(written), &rest);
    for (const WireFrame& frame : frames) ping_count += frame.first == 0x89 ? 1U : 0U;
    const std::uint64_t keepalives = host.statistics().pings_sent - host.witness.pings_sent.size();
    return ping_count < keepalives ? "it waited for the pong of a ping that was not out" : "";
}

std::string check_close(const Host& host, const Sent& sent, bool torn) {
    const Event& closed = host.witness.closed;
    if (closed.kind() != EventKind::closed) return {};
    if (sent.close == nullptr) {
        if (closed.clean()) return "clean, and our Close never went out";
        return {};
    }
    if (closed.clean() && torn) return "clean, and a frame is not whole";
    const Octets& payload = sent.close->payload;
    unsigned code = 1005;
    if (payload.size() >= 2)
        code = std::to_integer<unsigned>(payload[0]) * 256 + std::to_integer<unsigned>(payload[1]);
    if (static_cast<unsigned>(closed.code_sent()) != code)
        return "`closed` names another code than the Close that went out";
    const bool exchanged = host.witness.closing.kind() == EventKind::closing;
    const bool failed = host.witness.failed.kind() == EventKind::failed;
    if (exchanged && !failed && !torn && host.witness.closed.cause() != Cause::none &&
        !closed.clean() && host.witness.output_was_through)
        return "both Closes went through, and it is not clean";
    return {};
}

// I6.
std::string check_bounds(const Host& host, const Sent& sent) {
    const std::size_t factor = host.terms().role == Role::client ? 3 : 1;
    const std::size_t frame_count = host.witness.sent_frame_count + sent.keepalive_count;
    const std::size_t bound = host.witness.sent_size + 14 * frame_count + 4 * sent.keepalive_count +
                              factor * host.witness.input.size() + 512 +
                              (host.terms().session ? 1024 : 0);
    return host.witness.output.size() <= bound ? "" : "more output than was asked for";
}

// Frames are counted when they are queued, octets when they are taken.
std::string check_counted(const Host& host, const Sent& sent, ConstBytes output,
                          std::size_t frame_count) {
    const Statistics& counted = host.statistics();
    if (counted.sent.wire_octets != output.size()) return "the octets sent were not counted";
    const bool clean = host.witness.closed.clean();
    if (clean ? counted.sent.frames != frame_count : counted.sent.frames < frame_count)
        return "the frames sent were not counted";
    if (clean ? counted.pings_sent != sent.pings.size() : counted.pings_sent < sent.pings.size())
        return "the pings sent were not counted";
    return {};
}

}  // namespace

std::string check_output(const Host& host) {
    const ConstBytes output = behind_head(host, host.witness.output);
    std::size_t rest = 0;
    const std::vector<WireFrame> frames = read_frames(output, &rest);
    Sent sent;
    std::string fault = read_sent(host, frames, sent);
    if (fault.empty()) fault = check_form(host, frames);
    if (fault.empty()) fault = check_messages(host, sent);
    if (fault.empty()) fault = check_pings(host, sent);
    if (fault.empty()) fault = check_close(host, sent, rest != 0);
    if (fault.empty()) fault = check_pong_timeout(host, output);
    if (fault.empty()) fault = check_bounds(host, sent);
    if (fault.empty()) fault = check_counted(host, sent, output, frames.size());
    return fault.empty() ? fault : std::string(host.side()) + ": " + fault;
}

// I2.
std::string check_passage(const Host& sender, const Host& receiver) {
    std::vector<std::string> sent;
    bool unfinished = false;
    for (const SentMessage& message : sender.witness.sent) {
        unfinished = message.begun && !message.whole;
        if (message.whole)
            sent.push_back((message.kind == MessageKind::text ? "text " : "binary ") +
                           hex(message.octets));
    }
    const std::vector<std::string>& received = receiver.witness.received;
    const bool drops = !receiver.terms().deliver_after_close;
    if (received.size() > sent.size())
        return std::string(receiver.side()) + ": told too many messages";
    if (!std::equal(received.begin(), received.end(), sent.begin()))
        return std::string(receiver.side()) + ": told other messages than were sent";
    if (receiver.witness.closing.kind() != EventKind::closing) return {};
    if (sender.witness.failed.kind() == EventKind::failed) return {};
    if (received.size() != sent.size() && !drops)
        return std::string(receiver.side()) + ": a Close came before all messages had";
    if (receiver.witness.message_dropped != unfinished)
        return std::string(receiver.side()) + ": `closing` is wrong about a message dropped";
    return {};
}

// I7, and that everything came back.
std::string check_end(Host& host, Time now) {
    if (!host.closed_told()) return std::string(host.side()) + ": `closed` was never told";
    const std::size_t line_count = host.witness.story.lines().size();
    const std::size_t output_size = host.witness.output.size();
    host.expect(host.lent_count() == 0, "not every token came back");
    // The peer's reason, and what an opening that failed has shown, stay until destruction.
    if (host.witness.was_opened)
        host.expect(host.pool().leased_size() == (host.witness.reason.empty() ? 0U : 256U),
                    "memory is still leased at the end");
    const std::size_t leased_size = host.pool().leased_size();
    host.expect(host.allocator().live_size() == host.pool().kept_size() + leased_size,
                "the allocator misses more than the pool keeps");
    host.expect(host.pool().kept_size() <= host.terms().kept_size, "the pool keeps too much");
    host.expect(host.output_size() == 0, "output waits behind the end");
    host.expect(host.deadline() == never, "something is waited for behind the end");
    const Wants wants = host.wants();
    host.expect(wants == Wants(Wants::close_bit), "it wants something behind the end");
    for (const Deed deed : {Deed::receive, Deed::end_input, Deed::write_ended, Deed::advance,
                            Deed::abort, Deed::close, Deed::write, Deed::copy_output,
                            Deed::reusable, Deed::collect, Deed::unread}) {
        Call call{deed, now + seconds(1000)};
        if (deed == Deed::receive) call.octets = unhex("8900 8180 00000000 8800");
        if (deed == Deed::close) call.octets = {};
        call.number = 1000;
        (void)host.perform(call);
        (void)host.perform({Deed::pull});
    }
    if (host.conversation() != nullptr)
        for (const Deed deed : {Deed::send, Deed::send_lent, Deed::send_begin, Deed::send_part,
                                Deed::send_frame, Deed::ping}) {
            Call call{deed};
            call.octets = octets_of("behind the end");
            call.first_octet = 0x82;
            host.expect(host.perform(call).refusal == Refusal::not_open,
                        "a call that sends is carried out behind the end");
        }
    host.expect(host.witness.story.lines().size() == line_count, "an event behind the end");
    host.expect(host.witness.output.size() == output_size, "output behind the end");
    host.expect(host.wants() == wants, "the end is not the end");
    host.expect(host.pool().leased_size() == leased_size, "memory is leased behind the end");
    host.destroy();
    return host.fault;
}

namespace {

// A Host that does the same, its input cut by `stride`: 0 at random.
std::string difference(const Host& original, const std::vector<Call>& tape, Time begun,
                       std::size_t stride, Dice dice) {
    Host host(original.terms(), begun);
    host.clock_is_steady = original.clock_is_steady;
    for (const Call& call : tape) {
        const bool cut = call.deed == Deed::receive || call.deed == Deed::land;
        if (!cut || call.octets.size() < 2) {
            Call same = call;
            if (call.deed == Deed::land) {
                if (call.octets.empty()) continue;
                same.deed = Deed::receive;
            }
            (void)host.perform(same);
            if (cut) (void)host.perform({Deed::pull});
            continue;
        }
        ConstBytes rest = call.octets;
        while (!rest.empty()) {
            const std::size_t most = std::min<std::size_t>(rest.size(), 1000);
            const std::size_t size =
                stride != 0 ? std::min(stride, rest.size()) : 1 + dice.size_below(most);
            Call piece{Deed::receive, call.now};
            piece.octets = copy_of(rest.first(size));
            (void)host.perform(piece);
            (void)host.perform({Deed::pull});
            rest = rest.subspan(size);
        }
    }
    if (!host.fault.empty()) return host.fault;
    if (host.witness.story.text() != original.witness.story.text())
        return "events\n" + host.witness.story.text() + "\nand uncut\n" +
               original.witness.story.text();
    if (host.witness.output != original.witness.output)
        return "output\n" + frames_in_words(host.witness.output) + "\nand uncut\n" +
               frames_in_words(original.witness.output);
    if (host.state() != original.state() || host.wants() != original.wants() ||
        host.deadline() != original.deadline() || host.output_size() != original.output_size())
        return "final state";
    const Statistics& now = host.statistics();
    const Statistics& then = original.statistics();
    // Of a message that fails, as much is counted as was looked at.
    const bool failed = original.witness.failed.kind() == EventKind::failed;
    if ((!failed && now.received.frames != then.received.frames) ||
        (!failed && now.received.payload_octets != then.received.payload_octets) ||
        now.sent.frames != then.sent.frames || now.sent.wire_octets != then.sent.wire_octets ||
        now.pongs_dropped != then.pongs_dropped)
        return "statistics";
    return {};
}

}  // namespace

std::size_t stack_of(const Host& host, const std::vector<Call>& tape, Time begun) {
    struct Repetition {
        Host host;
        const std::vector<Call>& tape;
    } repetition{{host.terms(), begun}, tape};
    const auto run = [](void* context) {
        auto& again = *static_cast<Repetition*>(context);
        for (const Call& call : again.tape) (void)again.host.perform(call);
    };
    return stack_used_by(run, &repetition);
}

std::string check_cuts(const Host& host, const std::vector<Call>& tape, Time begun,
                       std::uint64_t seed) {
    constexpr std::size_t slow_size = 1500;
    // What comes behind the answer is not early, and whether it does is up to the cuts.
    if (host.terms().reject_early_octets &&
        host.witness.failed.violation() == Violation::early_octets)
        return {};
    const bool octet_by_octet = host.witness.input.size() <= slow_size;
    for (const std::size_t stride : {std::size_t{octet_by_octet ? 1U : 7U}, std::size_t{0}}) {
        const std::string fault = difference(host, tape, begun, stride, Dice(seed));
        if (!fault.empty())
            return std::string(host.side()) +
                   (stride == 0 ? ": cut at random: " : ": cut small: ") + fault;
    }
    return {};
}

}  // namespace hawse::test::replay::simulated
