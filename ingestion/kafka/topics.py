"""What the cluster says of topics: their ids, where they begin, and whether offsets may jump."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from ingestion.kafka.clients import PROBE_SECONDS, explain_exception, make_admin
from ingestion.kafka.settings import KafkaSettings


class Topics:
    """Answers about topics; each is asked for once.

    Args:
        admin: A client.
        settings: Settings of the client.
    """

    def __init__(self, admin: AdminClient, settings: KafkaSettings) -> None:
        self._admin = admin
        self._settings = settings
        self._seconds = min(PROBE_SECONDS, settings.broker_seconds)
        self._is_compacted: dict[str, bool] = {}

    def find_ids(self, names: Sequence[str]) -> dict[str, str]:
        """Finds the ids of topics.

        Args:
            names: The topics.

        Returns:
            The id of each; one that was deleted and made anew has another.

        Raises:
            MeterhouseError: A topic is not there, or no broker answers.
        """
        if not names:
            return {}
        try:
            asked = self._admin.describe_topics(
                TopicCollection(list(names)), request_timeout=self._seconds
            )
            return {name: str(future.result().topic_id) for name, future in asked.items()}
        except KafkaException as error:
            raise explain_exception(error, self._settings) from error

    def may_jump(self, name: str) -> bool:
        """Tells whether offsets of a topic jump although nothing is lost.

        Args:
            name: The topic.

        Returns:
            True for a compacted topic, and for one that the settings call transactional.
        """
        if name in self._settings.transactional_topics:
            return True
        if name not in self._is_compacted:
            self._is_compacted[name] = self._ask_compacted(name)
        return self._is_compacted[name]

    def _ask_compacted(self, name: str) -> bool:
        """Asks for the clean-up policy; a client that may not know it takes jumps for losses."""
        resource = ConfigResource(ResourceType.TOPIC, name)
        try:
            asked = self._admin.describe_configs([resource], request_timeout=self._seconds)
            return "compact" in str(asked[resource].result()["cleanup.policy"].value)
        except (KafkaException, KeyError):
            return False


def check_topics(settings: KafkaSettings) -> None:
    """Asks whether the topics of the settings can be read.

    Args:
        settings: Settings.

    Raises:
        MeterhouseError: No broker answers, or a topic is not there.
    """
    topics = Topics(make_admin(settings, ignore_error), settings)
    topics.find_ids([name for name in settings.topics if not name.startswith("^")])


def ignore_error(error: KafkaError) -> None:
    """Takes errors of a client that only asks: its calls say what went wrong."""
