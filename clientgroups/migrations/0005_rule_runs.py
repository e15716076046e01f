import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clientgroups", "0004_activity_waiting_list")]

    operations = [
        migrations.AddField(
            model_name="clientgroup",
            name="joined_count",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="clientgroup",
            name="left_count",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="clientgroup",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("rule", "The rule can no longer be worked out."),
                    ("slow", "Working the rule out took too long."),
                    ("failed", "Working the rule out failed."),
                ],
                editable=False,
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="clientgroup",
            name="problem_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="ClientMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "marked_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed"),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clientgroups.client",
                    ),
                ),
            ],
            options={
                "verbose_name": "changed client",
                "verbose_name_plural": "changed clients",
                "ordering": ["pk"],
            },
        ),
    ]
