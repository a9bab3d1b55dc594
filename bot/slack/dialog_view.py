"""The dialog in which somebody follows a provider or changes how: its questions. Pure."""

from adapters.schema import Impact
from bot.slack import inputs
from bot.slack.follow_form import ANY, Form, metadata
from bot.slack.inputs import Block, Option, View, asked, one_of, option, some_of
from relay.events import Stream
from relay.manner import Loud, Shape
from relay.transports.slack_text import escape, short

FOLLOW = "follow"
MORE = "more"
READING = "⏳ Reading its status page, to know which components it has …"
MOST_PEOPLE = 15
"""Beside @here, @channel and a few groups: the command takes twenty in all."""

_STREAMS = (
    option(Stream.INCIDENTS, "Incidents", "Each incident with all its updates"),
    option(Stream.COMPONENTS, "Components", "A component's trouble that no incident explains"),
    option(Stream.MAINTENANCE, "Maintenance", "Planned work, from its announcement to its end"),
    option(Stream.SIGNALS, "What users report", "Early warnings that the provider has not confirmed"),
)
_IMPACTS = (
    option(ANY, "Any impact"),
    option(Impact.MINOR, "Minor and worse"),
    option(Impact.MAJOR, "Major and worse"),
    option(Impact.CRITICAL, "Critical only"),
)
_SHAPES = (
    option(Shape.THREADS, "In threads", "One message in the channel for each incident, its updates below it"),
    option(Shape.BOTH, "In threads and in the channel", "Each update is shown in the channel, too"),
    option(Shape.CHANNEL, "In the channel only", "Each update is a message of its own"),
    option(Shape.DIGEST, "In the digest alone", "Nothing one by one; a summary each day or each week"),
)
_LOUD = (
    option(Loud.RESOLVED, "When it is resolved"),
    option(Loud.RAISED, "When its impact rises to major or critical"),
    option(Loud.REOPENED, "When it is reopened"),
)
_EVERYBODY = (option("here", "@here: who is active"), option("channel", "@channel: everybody in it"))
_REMINDERS = (
    option(ANY, "No reminder"),
    option("15", "15 minutes before"),
    option("30", "30 minutes before"),
    option("60", "1 hour before"),
    option("120", "2 hours before"),
    option("1440", "1 day before"),
)
_EXCEPTIONS = (option(ANY, "Nothing"), *_IMPACTS[1:])


def follow_view(form: Form) -> View:
    """The dialog. Block ids stay the same from one showing to the next, so that Slack keeps what was typed."""
    blocks = [
        *_what_and_where(form),
        *_components(form),
        asked("streams", "What to tell", some_of(_STREAMS, form.streams)),
        asked("least", "Least impact to tell", one_of("static_select", _IMPACTS, form.least)),
        *(_more(form) if form.more else [inputs.actions(inputs.button("More options", MORE), block_id=MORE)]),
    ]
    changes = form.follow_id is not None
    return inputs.modal(
        FOLLOW,
        "Change a follow" if changes else "Follow a status page",
        blocks,
        submit="Save" if changes else "Follow",
        close="Cancel",
        metadata=metadata(form),
    )


def _what_and_where(form: Form) -> list[Block]:
    if form.follow_id is not None and form.provider is not None:
        name = short(form.provider["text"]["text"].replace("*", "∗"), 100)
        return [inputs.section(f"*{name}* in <#{form.channel}>")]
    provider = inputs.found_as_one_types("A service, or its status page's address", form.provider)
    channel: Block = {
        "type": "conversations_select",
        "placeholder": inputs.plain("A channel", 150),
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": False},
    }
    channel |= {"initial_conversation": form.channel} if form.channel else {}
    return [
        asked("provider", "Which service?", provider) | {"dispatch_action": True},
        asked("channel", "Where?", channel),
    ]


def _components(form: Form) -> list[Block]:
    """Which parts, once it is known which there are."""
    if form.provider is None or form.listed == 0:
        return []
    if form.listed is None:
        return [inputs.context(escape(f"⚠️ {form.problem}" if form.problem else READING))]
    element: Block = {
        "type": "multi_external_select",
        "placeholder": inputs.plain(f"All {form.listed} components", 150),
        "min_query_length": 0,
    }
    element |= {"initial_options": list(form.components)} if form.components else {}
    # named by the provider: what was chosen of one must not stay when another is chosen
    name = f"components:{form.provider['value']}"
    return [asked(name, "Only these components", element, optional=True, hint="Leave it empty for all of them.")]


def _more(form: Form) -> list[Block]:
    return [
        {"type": "divider"},
        asked("shape", "How updates are posted", one_of("radio_buttons", _SHAPES, form.shape)),
        asked("loud", "Show in the channel as well", some_of(_LOUD, form.loud), optional=True),
        asked("people", "Mention these people", _people(form), optional=True),
        asked("everybody", "Mention everybody", some_of(_EVERYBODY, form.everybody), optional=True),
        asked(
            "mention_impact",
            "Least impact to mention somebody",
            one_of("static_select", _IMPACTS, form.mention_impact),
        ),
        asked("remind", "Remind of maintenance", one_of("static_select", _reminders(form.remind), form.remind)),
        *_quiet(form),
    ]


def _people(form: Form) -> Block:
    element: Block = {"type": "multi_users_select", "placeholder": inputs.plain("Nobody", 150)}
    element["max_selected_items"] = MOST_PEOPLE
    return element | ({"initial_users": list(form.people)} if form.people else {})


def _reminders(chosen: str) -> tuple[Option, ...]:
    """The usual ones, and what somebody typed once."""
    if chosen in {one["value"] for one in _REMINDERS}:
        return _REMINDERS
    return (*_REMINDERS, option(chosen, f"{chosen} minutes before"))


def _quiet(form: Form) -> list[Block]:
    def clock(placeholder: str, chosen: str | None) -> Block:
        made: Block = {"type": "timepicker", "placeholder": inputs.plain(placeholder, 150)}
        return made | ({"initial_time": chosen} if chosen else {})

    held = "What happens meanwhile is told afterwards, in one summary."
    return [
        asked("begins", "Quiet from", clock("Never quiet", form.begins), optional=True, hint=held),
        asked("ends", "Quiet until", clock("Never quiet", form.ends), optional=True),
        asked("zone", "Time zone of the quiet hours", zone_menu(form.zone), optional=True),
        asked("quiet_except", "Told all the same", one_of("static_select", _EXCEPTIONS, form.quiet_except)),
    ]


def zone_menu(chosen: Option | None) -> Block:
    """All time zones, searched as one types."""
    return inputs.found_as_one_types("A city, such as Europe/Berlin", chosen)
