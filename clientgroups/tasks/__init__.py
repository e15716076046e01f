from clientgroups.tasks.groups import derive_lifecycle, refresh_dynamic_groups

__all__ = ["derive_lifecycle", "refresh_dynamic_groups"]
