"""What scheduled work does about Kafka: lands what waits, and says what stood in its way."""

from datetime import datetime

from ingestion.kafka.consuming import ConsumeReport, consume_topics
from ingestion.kafka.positions import list_gaps
from ingestion.kafka.settings import KafkaSettings
from ingestion.kafka.topics import check_topics
from warehouse import MeterhouseError, Role, Warehouse

RECENT_DAYS = 7
MOST_SECONDS = 1800


def consume_waiting(warehouse: Warehouse, settings: KafkaSettings | None = None) -> ConsumeReport:
    """Lands what waits in the topics of the settings, for half an hour at most.

    Args:
        warehouse: The warehouse.
        settings: Settings; from the environment when not given.

    Returns:
        What was done; nothing when no topics are configured.

    Raises:
        MeterhouseError: As `consume_topics` says; what had landed before stays.
    """
    settings = settings or KafkaSettings()
    if not settings.is_configured:
        return ConsumeReport()
    return consume_topics(warehouse, settings, until_end=True, seconds=MOST_SECONDS)


def find_obstacles(
    warehouse: Warehouse, *, since: datetime, settings: KafkaSettings | None = None
) -> list[str]:
    """Finds what keeps messages of Kafka from landing.

    Args:
        warehouse: The warehouse.
        since: Gaps that were found before are not mentioned any more.
        settings: Settings; from the environment when not given.

    Returns:
        Gaps, and why topics can't be read; empty when all is well.
    """
    settings = settings or KafkaSettings()
    found = [str(gap) for gap in list_gaps(warehouse.engine(Role.TRANSFORMER), since=since)]
    if settings.is_configured:
        try:
            check_topics(settings)
        except MeterhouseError as error:
            found.append(error.message)
    return found
